"""Every file of state that warmer reads, and what reads it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import EngineError
from engine.models import remembered, start_model
from engine.models.find import find_model
from engine.models.remembered import Remembered
from engine.open import open_prompt
from engine.options import Options
from engine.resume import open_journal
from engine.search.answers import Picked
from engine.search.journal_files import journals_in
from engine.search.root_noise import read_noise, write_noise
from engine.search.running import PARENT
from engine.search.sessions import read_session, register, saved_sessions
from latentpng.errors import LatentPngError
from latentpng.noise.replay import record_of, replay
from latentpng.record import Lineage, SeedRoot, TensorRoot
from tests.campaigns.attack.part import Outcome
from tests.campaigns.long_life.mutations import PLACES, mutated
from tests.support.engine.searching import Running
from tests.support.tui.driving import make_app, running
from tui.app import chosen_theme, hints, prompt_history, state_files
from tui.app.gallery.index import PictureIndex
from tui.app.gallery.rows import PictureRow
from tui.graphics.terminal.capabilities import Terminal

FINGERPRINT = "sha256:" + "0" * 64
_SLOW_SECONDS = 5.0  # of processor time
_APP_EVERY, _APP_FIRST = 17, 4  # no common divisor with the number of files: the app meets each of them
_APP_FOLDER = "pictures and state of the app"


class States:
    """A folder with every file of state, good as new before each case."""

    def __init__(self, folder: Path) -> None:
        """Make the files.

        Args:
            folder: An empty folder.
        """
        self._folder, self._good = folder, folder / "good"
        self.here = folder / "state"
        self._make(self._good)
        self._files = sorted(
            str(path.relative_to(self._good))
            for path in self._good.rglob("*")
            if path.is_file() and path.suffix != ".png"
        )

    def attack(self, number: int, kept: Path) -> Outcome:
        """Damage one file of state, and use everything that reads it.

        Args:
            number: The number of the case.
            kept: Where a file that shows a fault is kept.
        """
        random_ = random.Random(number)
        shutil.rmtree(self.here, ignore_errors=True)
        shutil.copytree(self._good, self.here, symlinks=True)
        name = self._files[number % len(self._files)]
        file, good = self.here / name, (self._good / name).read_bytes()
        if random_.random() < 0.1:
            file.unlink()
            random_.choice(PLACES)(file)
        else:
            file.write_bytes(mutated(good, random_))
        damaged, has_app = _damaged_contents(file), number % _APP_EVERY == _APP_FIRST
        readers = (self._app, *self.readers) if has_app else self.readers
        faults, longest = [], 0.0
        for reader in readers:
            begun = time.process_time()
            try:
                reader()
            except (EngineError, LatentPngError) as error:
                if "\n" in str(error) or len(str(error)) > 2000:
                    faults.append(f"case {number}: {name}: the message is no sentence: {str(error)[:200]!r}")
            except Exception as error:
                faults.append(f"case {number}: {name}: {reader.__name__} raised {error!r}"[:500])
            longest = max(longest, time.process_time() - begun)
        aside = self.here / _APP_FOLDER / f"{file.name}{state_files.SUFFIX}"
        if has_app and damaged is not None and not _holds(aside, damaged):
            faults.append(f"case {number}: {name}: the damaged file was not set aside")
        if longest > _SLOW_SECONDS:
            faults.append(f"case {number}: {name}: it took {longest:.1f} s")
        if faults and file.is_file():
            shutil.copyfile(file, kept / f"{number}-{Path(name).name}")
        kind = "the app starts with a damaged file of state" if has_app else "damaged files of state"
        return Outcome(kind=kind, faults=tuple(faults), maxima={"ms": longest * 1000})

    @property
    def readers(self) -> tuple[Callable[[], object], ...]:
        """What reads files of state, without the app."""
        return (
            self._journals,
            self._list,
            self._models,
            self._start_model,
            self._theme,
            self._hints,
            self._prompts,
            self._index,
            self._noise,
        )

    def _make(self, folder: Path) -> None:
        search = Running(open_prompt(Options(seed=5), "a lake"), folder / "pictures" / "one")
        search.finish()
        for mark in (1, 2, 0):
            search.tell(Picked(marks=(mark,)))
        search.search.star(1)
        search.close()
        finished = search.search.finished(PARENT)
        assert finished is not None
        noise = replay(Lineage(root=SeedRoot(seed=1)), (4, 16, 16), "CHW")
        stored = record_of(Lineage(root=TensorRoot(source={"method": "x"})), noise, axes="CHW", root_tensor=noise)
        write_noise(folder / "pictures" / "one", stored)
        state = folder / "warmer"
        state.mkdir()
        register(state / "sessions.txt", folder / "pictures" / "one")
        register(state / "sessions.txt", folder / "elsewhere")
        with _home(folder):
            remembered.remember(
                Remembered(digest=FINGERPRINT, path="/x/model", name="m", pipeline="P", text_encoders=("/t",))
            )
            start_model.remember_start_model("embedded")
        chosen_theme.remember_theme(state / chosen_theme.FILE, "nord", "")
        hints.Hints(state / hints.FILE, Terminal()).next()
        for prompt in ("a lake", "a hill"):
            prompt_history.remember_prompt(state / prompt_history.FILE, prompt)
        with PictureIndex(folder / "cache" / "pictures.sqlite") as index:
            rows = (PictureRow.found(f"/a/{number}.png", number, 9).read(prompt="p", model="m") for number in range(5))
            index.remember(rows)

    @property
    def _state(self) -> Path:
        return self.here / "warmer"

    def _journals(self) -> None:
        folder = self.here / "pictures" / "one"
        for name in journals_in(folder):
            open_journal(Options(), read_session(folder, name))

    def _list(self) -> None:
        saved_sessions(self.here / "pictures", self._state / "sessions.txt")
        register(self._state / "sessions.txt", self.here / "other")

    def _models(self) -> None:
        with _home(self.here):
            find_model({"name": "m", "fingerprint": FINGERPRINT})
            remembered.remember(Remembered(digest="d", path="/x/other", name="m"))

    def _start_model(self) -> None:
        with _home(self.here):
            start_model.start_model()

    def _theme(self) -> None:
        chosen_theme.theme_in_force(self._state / chosen_theme.FILE, "")
        chosen_theme.remember_theme(self._state / chosen_theme.FILE, "nord", "")

    def _hints(self) -> None:
        hints.Hints(self._state / hints.FILE, Terminal()).next()

    def _prompts(self) -> None:
        prompt_history.remember_prompt(self._state / prompt_history.FILE, "a town")

    def _index(self) -> None:
        with PictureIndex(self.here / "cache" / "pictures.sqlite") as index:
            sorted(index.known().values(), key=lambda row: row.changed)
            index.remember([PictureRow.found("/b.png", 1, 1)])

    def _noise(self) -> None:
        for file in (self.here / "pictures" / "one").glob("noise-*"):
            read_noise(file.parent, file.stem.removeprefix("noise-").ljust(64, "0"))

    def _app(self) -> None:
        asyncio.run(_start(self.here))


def _pipes(folder: str, names: list[str]) -> list[str]:
    """Return the pipes in a folder, which cannot be copied."""
    return [name for name in names if Path(folder, name).is_fifo()]


def _damaged_contents(file: Path) -> bytes | None:
    """Return the contents of a file that the app is to set aside; None for one that it is to use or to leave."""
    if file.name not in state_files.FILES or file.is_symlink() or not file.is_file():
        return None
    data = file.read_bytes()
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return data
    return None


def _holds(file: Path, data: bytes) -> bool:
    return file.is_file() and file.read_bytes() == data


async def _start(folder: Path) -> None:
    state = folder / _APP_FOLDER
    shutil.copytree(folder / "warmer", state, symlinks=True, ignore=_pipes)
    for path in (folder / "warmer").iterdir():
        if path.is_fifo():
            os.mkfifo(state / path.name)
    (state / "pictures").symlink_to(folder / "pictures")
    (state / "cache").symlink_to(folder / "cache")
    with _home(folder):
        async with running(make_app(state, is_first_start=True)) as driver:
            await driver.until(lambda: driver.app.stage.start is not None and "warmer" in driver.text())
            await driver.press("down", "up")


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    """Have the functions that look for the state folder themselves find this one."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["XDG_STATE_HOME"]
        else:
            os.environ["XDG_STATE_HOME"] = before
