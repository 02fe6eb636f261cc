"""What writes files, as acts on a folder; each says afterwards which promises were broken."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from engine.errors import EngineError
from engine.fake import FakeRenderer
from engine.open import open_prompt
from engine.options import Options
from engine.search.answers import NoneBetter, Picked, Undone
from engine.search.folder import PictureFolder
from latentpng.cli import main as latentpng
from latentpng.errors import ExitCode, LatentPngError
from latentpng.png.abandoned import TEMPORARY_PREFIX, forget, recover
from latentpng.png.files import pixel_digest, read_picture, read_record
from tests.campaigns.disk.faults import Faults
from tests.support.engine.searching import Running
from tests.support.tui.consistency import problems_of
from tests.support.tui.scripting import warmer
from tui.exit_codes import exit_code_of


def damage(path: Path) -> str:
    """Return why a picture is missing or damaged; "" if it is whole."""
    try:
        record = read_record(path)
        is_right = record.pixels in ("", pixel_digest(read_picture(path)[2]))
    except (LatentPngError, OSError) as error:
        return str(error)
    return "" if is_right else f"{path}: its pixels are others than it records"


def files_in(folder: Path) -> set[Path]:
    """Return the files in a folder and below, by a call that never fails here."""
    return {Path(entry.path) for each in _folders(folder) for entry in os.scandir(each) if entry.is_file()}


def _folders(folder: Path) -> Iterator[Path]:
    yield folder
    for entry in os.scandir(folder):
        if entry.is_dir():
            yield from _folders(Path(entry.path))


def leftovers(folder: Path, faults: Faults) -> Iterator[str]:
    """Yield what is left of files that were not finished; where removing failed, the next program removes it."""
    if "unlink" in faults.failed:
        if "flock" in faults.refused:
            return  # without locks, nobody knows whether it is abandoned
        forget(folder)
        recover(folder)
    for path in files_in(folder):
        if not path.name.startswith(TEMPORARY_PREFIX):
            continue
        yield f"{path.name} was left behind"


def session(folder: Path, faults: Faults) -> Iterator[str]:
    """Search, and end the search; afterwards there is room."""
    running = Running(open_prompt(Options(seed=5), "a lake"), PictureFolder(folder / "s"))
    running.finish()
    for answer in (Picked(marks=(1,)), Picked(marks=(0, 2)), NoneBetter(), Undone(), Picked(marks=(1,))):
        running.tell(answer)
    running.search.star(2)
    faults.end()
    running.close()
    yield from (f"a message nobody wrote: {each}" for each in running.troubles if "failed:" in each or "\n" in each)
    if running.search.unsaved:
        yield f"there is room, and still: {running.search.unsaved}"
    else:
        yield from leftovers(folder, faults)
        yield from faults.endangered()
        if not ("flock" in faults.refused and "unlink" in faults.failed):  # then a claim of the journal may be left
            yield from problems_of(folder / "s")


def session_without_room(folder: Path, faults: Faults) -> Iterator[str]:
    """Search, and end the search while there is still no room."""
    running = Running(open_prompt(Options(seed=5), "a lake"), PictureFolder(folder / "s"))
    running.finish()
    for mark in (1, 0, 2):
        running.tell(Picked(marks=(mark,)))
    running.close()
    tree = running.search.session.tree
    saved = [path for node in range(len(tree.nodes)) if (path := running.search.file(node)) is not None]
    yield from filter(None, map(damage, saved))
    if len(saved) < 3 and not running.search.unsaved:
        yield f"only {len(saved)} pictures are saved, and nobody says so"
    yield from leftovers(folder, faults)


def command(*words: object) -> Callable[[Path, Faults], Iterator[str]]:
    """Return an act that runs a command of `warmer`; FOLDER in a word stands for the folder."""

    def run(folder: Path, faults: Faults) -> Iterator[str]:
        before = files_in(folder)
        out, said = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(said):
            try:
                code = warmer(*(str(word).replace("FOLDER", str(folder)) for word in words), renderer=FakeRenderer())
            except (LatentPngError, EngineError) as error:
                code = exit_code_of(error)
        printed = [Path(line) for line in out.getvalue().splitlines()]
        made = files_in(folder) - before
        if code not in (ExitCode.OK, ExitCode.UNWRITABLE) or (code and not faults.failed):
            yield f"exit code {code}: {said.getvalue()}"
        if not code:
            yield from faults.endangered()
        if made != set(printed):
            yield f"printed {sorted(path.name for path in printed)}, made {sorted(path.name for path in made)}"
        yield from filter(None, (damage(path) for path in printed if "film" not in words))

    return run


def on_picture(*words: object, target: str) -> Callable[[Path, Faults], Iterator[str]]:
    """Return an act that runs a command of `latentpng`; TARGET is the name of the file that it writes."""

    def run(folder: Path, faults: Faults) -> Iterator[str]:
        path = folder / target
        before = path.read_bytes() if path.exists() else b""
        others = files_in(folder)
        out, said = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(said):
            code = latentpng([str(word).replace("FOLDER", str(folder)) for word in words])
        after = path.read_bytes() if path.exists() else b""
        if code not in (ExitCode.OK, ExitCode.UNWRITABLE) or (code and not faults.failed):
            yield f"exit code {code}: {said.getvalue()}"
        if code and after != before and faults.failed != ["fsync"]:
            yield f"exit code {code}, and {target} is a different file"
        if after != before and path.suffix == ".png" and "strip" not in words and (found := damage(path)):
            yield found
        if not code:
            yield from faults.endangered()
        if not code and after == before:
            yield f"exit code 0, and {target} was not written"
        yield from leftovers(folder, faults)
        yield from (f"it made {each.name}" for each in files_in(folder) - {*others, path})

    return run


ACTS: dict[str, Callable[[Path, Faults], Iterator[str]]] = {
    "a session, then room": session,
    "a session without room": session_without_room,
    "warmer vary": command("vary", "FOLDER/a.png", "--count", 3, "--seed", 3, "--out", "FOLDER/out"),
    "warmer new": command("new", "--prompt", "a lake", "--count", 2, "--out", "FOLDER/new"),
    "warmer film": command("film", "FOLDER/b.png", "--frames", 1, "--sheet", "FOLDER/sheet.png"),
    "latentpng strip": on_picture("strip", "FOLDER/a.png", target="a.png"),
    "latentpng strip --out": on_picture("strip", "FOLDER/a.png", "--out", "FOLDER/c.png", target="c.png"),
    "latentpng copy": on_picture("copy", "FOLDER/b.png", "FOLDER/a.png", "--force", target="a.png"),
    "latentpng extract": on_picture("extract", "FOLDER/a.png", target="a.npy"),
}


def prepare(folder: Path) -> None:
    """Make the files that acts begin with: a picture, and one that was varied from it."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warmer("new", "--prompt", "a lake", "--seed", 7, "--out", folder / "a.png")
        warmer("vary", folder / "a.png", "--count", 1, "--seed", 2, "--out", folder)
    shutil.move(folder / "a-r1-0.png", folder / "b.png")
