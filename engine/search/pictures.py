"""What becomes of the pictures of a running search: kept in memory, saved, named in the journal, read again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from pathlib import Path

from engine.search.beginning import Beginning
from engine.search.folder import PictureFolder
from engine.search.grid import Grid
from engine.search.journal import Journal
from engine.search.journal_writer import JournalWriter
from engine.search.state import Session
from engine.search.store import Finished, PictureStore
from engine.search.variants import Variants
from latentpng.identity import Key, picture_keys
from latentpng.record import LatentRecord


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
    ) -> None:
        """Know the pictures that the search begins with.

        Args:
            beginning: What the search starts from.
            variants: Its variants.
            folder: Where pictures are saved, and the journal.
            index: The file that names the folders of sessions.
            on_trouble: Called with a sentence when something cannot be saved, in the thread that saves.
        """
        self._folder, self._variants = folder, variants
        self._store = PictureStore(folder, on_trouble)
        continued = beginning.continued
        if continued is not None and continued.folder.absolute() != folder.folder.absolute():
            continued = None
        self._journal = JournalWriter(folder, index, on_trouble, continued)
        self._root_noise = noise_digest(beginning.root_record)
        self._shown: Collection[Key] = ()
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

    def get(self, key: Key) -> Finished | None:
        """Return a picture; None where it is not in memory."""
        return self._store.get(key)

    def file(self, key: Key) -> Path | None:
        """Return the file of a picture; None where it has none."""
        return self._store.file(key)

    def forget_file(self, key: Key) -> None:
        """Forget a file that is no longer what it was."""
        self._store.forget_file(key)

    def show(self, grid: Grid) -> None:
        """Keep the pictures of a grid in memory from now on, and no longer those of the grid before."""
        self._shown = grid.keys

    def add(self, key: Key, finished: Finished) -> None:
        """Keep a picture in memory."""
        self._store.add(key, finished, shown=self._shown)

    def save(self, session: Session, keys: Collection[Key]) -> None:
        """Begin to save pictures that are in memory and have no file, and the journal behind them.

        Args:
            session: The session as it is now.
            keys: The keys of the pictures.
        """
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
        self._journal.save(journal, self._store.files)

    def missing(self, grid: Grid) -> tuple[dict[int, tuple[Key, Path]], list[int]]:
        """Return what is not in memory of a grid: the key and the file of those that have one, and the others."""
        files, others = {}, []
        for index, key in enumerate(grid.keys):
            if self.get(key) is None:
                file = self.file(key)
                if file is None:
                    others.append(index)
                else:
                    files[index] = key, file
        return files, others

    def close(self) -> None:
        """Wait until everything is on disk."""
        self._store.close()


def noise_digest(record: LatentRecord | None) -> str:
    """Return SHA-256 (hex) of the stored noise of a tensor root; "" for a seed root."""
    tensor = None if record is None else record.root_tensor
    return "" if tensor is None else hashlib.sha256(tensor.tobytes()).hexdigest()
