"""What becomes of the pictures of a running search: kept in memory, saved, named in the journal, read again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from pathlib import Path

from engine.rendering.events import Picture
from engine.search.beginning import Beginning
from engine.search.drafts import Drafts
from engine.search.folder import PictureFolder
from engine.search.grid import Grid
from engine.search.journal import Journal
from engine.search.journal_writer import JournalWriter
from engine.search.root_noise import noise_digest
from engine.search.state import Session
from engine.search.store import MAX_CACHED_BYTES, Finished, PictureStore
from engine.search.variants import Variants
from latentpng.identity import Key, picture_keys
from latentpng.text import plain

_TRIED_AGAIN = 4
"""Pictures that could not be saved and are tried again with each save."""


class SearchPictures:
    """The pictures of a search and its journal."""

    def __init__(
        self,
        beginning: Beginning,
        variants: Variants,
        folder: PictureFolder,
        *,
        index: Path,
        on_trouble: Callable[[str], None],
        drafts: Drafts,
        memory: int = MAX_CACHED_BYTES,
    ) -> None:
        """Know the pictures that the search begins with.

        Args:
            beginning: What the search starts from.
            variants: Its variants.
            folder: Where pictures are saved, and the journal.
            index: The file that names the folders of sessions.
            on_trouble: Called with a sentence when something cannot be saved, in the thread that saves.
            drafts: The drafts of the search, which stand for pictures.
            memory: The bytes of pixels that stay in memory, beside those of the grid on the screen.
        """
        self._folder, self._variants, self._drafts = folder, variants, drafts
        continued = beginning.continued
        if continued is not None and continued.folder.absolute() != folder.folder.absolute():
            continued = None
        root = beginning.root_record
        self._journal = JournalWriter(
            folder,
            index,
            on_trouble,
            continued=continued,
            root=root if root is not None and root.root_tensor is not None else None,
        )
        self._store = PictureStore(folder, on_trouble=on_trouble, on_saved=self._journal.save_again, memory=memory)
        self._root_noise = noise_digest(beginning.root_record)
        self._shown: tuple[Key, ...] = ()
        self._expected: tuple[Key, ...] = ()
        for key, file in beginning.files.items():
            self._store.add_file(key, file)
        keys = picture_keys(beginning.lineage)
        if beginning.known:
            self.add(keys[-1], beginning.known)
        if beginning.path:
            self._store.add_file(keys[-1], beginning.path)
        if beginning.root:
            self.add(keys[0], beginning.root)
            self._store.save(keys[0])

    @property
    def folder(self) -> Path:
        """The folder of the session; it may not exist yet."""
        return self._folder.folder

    @property
    def saving(self) -> Future[None]:
        """As `JournalWriter.saving`."""
        return self._journal.saving

    def get(self, key: Key) -> Finished | None:
        """Return a picture; None where it is not in memory."""
        return self._store.get(key)

    def file(self, key: Key) -> Path | None:
        """Return the file of a picture; None where it has none."""
        return self._store.file(key)

    def forget_file(self, key: Key) -> None:
        """Forget a file that is no longer what it was."""
        self._store.forget_file(key)

    def is_there(self, grid: Grid, index: int) -> bool:
        """Return whether a picture of a grid can be shown: it, or the draft that is to be shown in its place.

        It does not count as used because of that.
        """
        return grid.keys[index] in self._store or self._drafts.stands_in(grid, index)

    def is_complete(self, grid: Grid) -> bool:
        """Return whether every picture of a grid can be shown."""
        return all(self.is_there(grid, index) for index in range(len(grid.keys)))

    def show(self, grid: Grid) -> None:
        """Keep the pictures of a grid in memory from now on, and no longer those of the grid before."""
        self._shown = grid.keys
        self.expect(())

    # What was expected and was not shown is the first that is forgotten, before what undo may show again.
    def expect(self, grids: Sequence[Grid]) -> int:
        """Keep the pictures of the grids that may be shown next, as far as there is room beside the grid on the screen.

        Args:
            grids: The grids, the most likely one first.

        Returns:
            How many of them there is room for.
        """
        shown = [len(each.picture.rgb) for key in self._shown if (each := self.get(key)) is not None]
        room = self._store.memory // max(1, *shown) if shown else 0
        keys, fitting = dict.fromkeys(self._shown), 0
        for grid in grids:
            keys.update(dict.fromkeys(grid.keys))
            if len(keys) > room:
                break
            fitting += 1
        expected = dict.fromkeys(key for grid in grids[:fitting] for key in grid.keys)
        for key in self._expected:
            if key not in expected and key not in self._shown:
                self._store.demote(key)
                self._drafts.demote(key)
        self._expected = tuple(expected)
        return fitting

    def add(self, key: Key, finished: Finished) -> None:
        """Keep a picture in memory."""
        self._store.add(key, finished, protected={*self._shown, *self._expected})

    def add_draft(self, key: Key, picture: Picture) -> None:
        """Keep a draft in memory."""
        self._drafts.add(key, picture, protected={*self._shown, *self._expected})

    def save(self, session: Session, keys: Collection[Key]) -> None:
        """Begin to save pictures that are in memory and have no file, and at the same time the journal.

        The journal is written again when they have their files.

        Args:
            session: The session as it is now.
            keys: The keys of the pictures.
        """
        self._store.save_again(_TRIED_AGAIN)
        for key in keys:
            self._store.save(key)
        variant = self._variants.of(session)
        journal = Journal(
            folder=self._folder.folder,
            session=session,
            prompt=variant.settings.prompt,
            model=variant.load.model.name,
            recorded=dict(self._variants.recorded),
            root_noise=self._root_noise,
        )
        self._journal.save(journal, lambda: self._store.files)

    def missing(self, grid: Grid) -> tuple[dict[int, tuple[Key, Path]], list[int]]:
        """Return what is not in memory of a grid: the key and the file of those that have one, and the others.

        Drafts that are in memory stand for their pictures.
        """
        files, others = {}, []
        for index, key in enumerate(grid.keys):
            if self.get(key) is None:
                file = self.file(key)
                if file is None:
                    others.append(index)
                else:
                    files[index] = key, file
        return files, [index for index in others if not self._drafts.stands_in(grid, index)]

    @property
    def unsaved(self) -> str:
        """What could not be saved, as a sentence; "" for nothing."""
        count = self._store.unsaved
        folder = plain(str(self._folder.folder))
        if count:
            return f"{folder}: {count} picture{'s' if count > 1 else ''} of this search could not be saved"
        return f"{folder}: the session could not be saved" if self._journal.has_failed else ""

    def save_again(self, session: Session) -> None:
        """Begin to save what could not be saved before."""
        self._store.save_again()
        self.save(session, ())

    def close(self) -> None:
        """Wait until everything is on disk; what could not be saved is tried once more."""
        self._store.close()
        self._journal.close()
