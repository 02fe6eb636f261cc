"""Small versions of the pictures of a search, made once and kept in a bounded cache."""

from __future__ import annotations

from engine.rendering.events import Picture
from engine.search.running import Search
from latentpng.identity import Key
from latentpng.lru import LruCache

SIDE = 192
"""The longer side of a thumbnail in pixels: a strip of six rows on a screen of high resolution needs no more."""
_CACHED_BYTES = 16 * 2**20


def thumbnail_of(picture: Picture, side: int = SIDE) -> Picture:
    """Return a picture scaled down so that its longer side is `side` pixels; a smaller one is returned as it is."""
    from tui.graphics.frame import to_image  # Pillow

    scale = side / max(picture.width, picture.height)
    if scale >= 1.0:
        return picture
    width, height = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    image = to_image(picture).resize((width, height), reducing_gap=2.0)
    return Picture(width=width, height=height, rgb=image.tobytes())


class Thumbnails:
    """The thumbnails of one search, by the key of their nodes.  Safe to use from several threads."""

    def __init__(self) -> None:
        self._pictures: LruCache[Key, Picture] = LruCache(max_size=_CACHED_BYTES)

    def get(self, key: Key) -> Picture | None:
        """Return a thumbnail; None when it was not made or is forgotten."""
        return self._pictures.get(key)

    def make(self, search: Search, node: int) -> Picture | None:
        """Return the thumbnail of a node; it may take time, because the picture is read from its file.

        Args:
            search: The search.
            node: The index of the node.

        Returns:
            The thumbnail; None when the picture is neither in memory nor in a file that can be read.
        """
        key = search.session.tree.nodes[node].key
        if (known := self.get(key)) is not None:
            return known
        picture = search.picture(node)
        if picture is None:
            return None
        small = thumbnail_of(picture)
        self._pictures.put(key, small, size=len(small.rgb))
        return small
