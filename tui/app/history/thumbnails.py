"""Small versions of the pictures of a search, made once and kept in a bounded cache."""

from __future__ import annotations

from engine.rendering.events import Picture
from engine.search.running import Search
from engine.search.saved_pictures import read_saved
from latentpng.identity import Key
from latentpng.lru import LruCache
from tui.graphics.images import THUMBNAIL_SIDE, scaled

_CACHED_BYTES = 16 * 2**20


def picture_of(search: Search, node: int) -> Picture | None:
    """Return the picture of a node from memory, else from its file; it may take time.  Call it in a thread.

    Args:
        search: The search.
        node: The index of the node.

    Returns:
        The picture; None when it is in neither, or its file cannot be read or was edited.
    """
    picture, file = search.picture(node), search.file(node)
    if picture is not None or file is None:
        return picture
    saved = read_saved(file, search.session.tree.nodes[node].key)
    return None if saved is None else saved.picture


class Thumbnails:
    """The thumbnails of one search, by the key of their nodes.  Safe to use from several threads."""

    def __init__(self) -> None:
        self._pictures: LruCache[Key, Picture] = LruCache(max_size=_CACHED_BYTES)

    def get(self, key: Key) -> Picture | None:
        """Return a thumbnail; None when it was not made or is forgotten."""
        return self._pictures.get(key)

    def make(self, search: Search, node: int) -> Picture | None:
        """Return the thumbnail of a node, None when there is no picture of it; arguments as for `picture_of`."""
        key = search.session.tree.nodes[node].key
        if (known := self.get(key)) is not None:
            return known
        picture = picture_of(search, node)
        if picture is None:
            return None
        small = scaled(picture, THUMBNAIL_SIDE)
        self._pictures.put(key, small, size=len(small.rgb))
        return small
