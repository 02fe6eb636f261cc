"""What was answered is on the disk before the screen shows where it leads to, whether or not anything was rendered."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from engine.edit import Edit, edited
from engine.fake import FakeRenderer
from engine.open import Opening, open_picture, open_prompt
from engine.options import Options
from engine.resume import open_journal
from engine.search.answers import Answer, Confined, Jumped, NoneBetter, Picked, Redone, Rerolled, Rescaled, Undone
from engine.search.folder import PictureFolder
from engine.search.history import Node
from engine.search.journal import Journal, read_journal, write_journal
from engine.search.running import PARENT
from engine.search.session import Session
from engine.search.sessions import read_session, saved_sessions
from latentpng.identity import Key
from tests.engine.test_resume import stored
from tests.support.engine.searching import CANDIDATES, Running, resumed

OPTIONS = Options(seed=5)
PROMPT = "a red sun over a lake"
ANSWERS: tuple[Answer, ...] = (
    Picked(marks=(1,)),
    NoneBetter(),
    Picked(marks=(0, 2)),
    Undone(),
    Redone(),
    Rerolled(),
    Rescaled(factor=0.5),
    Confined(region="10"),
    Picked(marks=(1,)),
    Jumped(node=1),
    Picked(marks=(2,)),
)


@contextmanager
def held(opening: Opening, folder: Path) -> Iterator[Running]:
    """Begin a search whose renderer never renders anything."""
    renderer = FakeRenderer()
    renderer.hold()
    running = Running(opening, folder, renderer=renderer)
    try:
        yield running
    finally:
        running.close()


def known(session: Session) -> tuple[list[tuple[Key, int, bool]], object, object, object]:
    nodes: list[Node] = list(session.tree.nodes)
    return (
        [(node.key, node.parent, node.is_starred) for node in nodes],
        session.place,
        session.past,
        session.future,
    )


def as_after_a_kill(folder: Path, number: int) -> Path:
    """Return a copy of what is on the disk now, which is what a program finds that starts after this one was killed."""
    return Path(shutil.copytree(folder, folder.with_name(f"{folder.name}, killed {number}")))


def opening_of(kind: str, folder: Path) -> Opening:
    """Return an opening of a kind, of whose pictures nothing will be left."""
    if kind == "prompt":
        return open_prompt(OPTIONS, PROMPT)
    picture = folder / "opened.png"
    if kind == "stored noise":
        stored(picture)
    else:
        running = Running(open_prompt(OPTIONS, PROMPT), folder / "before")
        running.finish()
        running.tell(Picked(marks=(1,)))
        running.close()
        shutil.copy(folder / "before" / "002-round1.png", picture)
    changed = OPTIONS if kind != "edited picture" else replace(OPTIONS, prompt="a hill")
    opening = open_picture(changed, picture)
    picture.unlink()
    return opening


@pytest.mark.parametrize("kind", ["prompt", "picture", "edited picture", "stored noise"])
def test_every_answer_survives_a_kill_and_those_after_it(tmp_path: Path, kind: str) -> None:
    folder, opening = tmp_path / "s", opening_of(kind, tmp_path)
    for number, answer in enumerate(ANSWERS):
        with held(opening, folder) as running:
            running.search.tell(answer, CANDIDATES)
            running.search.saving.result()
            expected = known(running.search.session)
            killed = as_after_a_kill(folder, number)
        assert known(read_session(killed).session) == expected
        assert list(killed.glob("*.png")) == []
        folder, opening = killed, open_journal(Options(), read_session(killed))
    again = Running(opening, folder)
    again.finish()
    assert again.search.finished(PARENT) is not None
    again.close()
    assert again.troubles == []


def test_a_star_and_an_edit_survive_a_kill(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    running = Running(open_prompt(OPTIONS, PROMPT), folder, renderer=FakeRenderer())
    running.finish()
    running.renderer.hold()
    running.search.star(2)
    running.search.saving.result()
    assert [node.is_starred for node in read_session(as_after_a_kill(folder, 0)).session.tree.nodes] == [False, True]
    finished = running.search.finished(PARENT)
    assert finished is not None
    found = edited(OPTIONS, finished.record, Edit(prompt="a hill", num_inference_steps=7))
    running.search.edit(found.round_, found.variant, CANDIDATES)
    running.search.saving.result()
    again = resumed(as_after_a_kill(folder, 1))
    assert (again.search.settings.prompt, again.search.settings.num_inference_steps) == ("a hill", 7)
    again.close()
    running.renderer.release()
    running.close()


def test_a_star_alone_makes_a_session(tmp_path: Path) -> None:
    with held(open_prompt(OPTIONS, PROMPT), tmp_path / "s") as running:
        running.search.star(1)
        running.search.saving.result()
        killed = as_after_a_kill(tmp_path / "s", 0)
    assert [node.is_starred for node in read_session(killed).session.tree.nodes] == [False, True]


def test_what_was_only_looked_at_leaves_no_session(tmp_path: Path) -> None:
    with held(open_prompt(OPTIONS, PROMPT), tmp_path / "s") as running:
        running.search.saving.result()
    assert not (tmp_path / "s").exists()
    assert saved_sessions(tmp_path, tmp_path / "index.txt") == ()


def test_a_slow_picture_does_not_delay_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    write = PictureFolder._write
    monkeypatch.setattr(PictureFolder, "_write", lambda *of: (gate.wait(), write(*of))[1])
    running = Running(open_prompt(OPTIONS, PROMPT), tmp_path / "s")
    running.finish()
    running.search.tell(Picked(marks=(1,)), CANDIDATES)
    running.search.saving.result()
    assert read_session(tmp_path / "s").files == {}
    assert read_session(tmp_path / "s").session.place == running.search.session.place
    gate.set()
    running.finish()
    running.close()
    files = read_session(tmp_path / "s").files.values()
    assert sorted(path.name for path in files) == ["001-round0.png", "002-round1.png"]


def test_damaged_noise_beside_the_journal_is_written_again(tmp_path: Path) -> None:
    opening = opening_of("stored noise", tmp_path)
    written: list[bytes] = []
    for _ in range(2):
        with held(opening, tmp_path / "s") as running:
            running.search.tell(Picked(marks=(1,)), CANDIDATES)
        (noise,) = (tmp_path / "s").glob("noise-*.laTn")
        written.append(noise.read_bytes())
        noise.write_bytes(written[0][:-1])
    assert written[1] == written[0]


def test_a_journal_that_could_not_be_written_is_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.touch()
    with held(open_prompt(OPTIONS, PROMPT), folder) as running:
        running.search.tell(Picked(marks=(1,)), CANDIDATES)
        running.search.saving.result()
        (trouble,) = running.troubles
        assert trouble.startswith(f"{folder}: the session cannot be saved in this folder: ")
        folder.unlink()
    assert known(read_session(folder).session) == known(running.search.session)


def test_an_unexpected_error_of_the_journal_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("what nobody expected")

    with held(open_prompt(OPTIONS, PROMPT), tmp_path / "s") as running:
        monkeypatch.setattr("engine.search.journal_writer.write_journal", fail)
        running.search.tell(Picked(marks=(1,)), CANDIDATES)
        running.search.saving.result()
        assert running.troubles == ["saving failed: RuntimeError('what nobody expected')"]
        monkeypatch.undo()
    assert known(read_session(tmp_path / "s").session) == known(running.search.session)


def test_of_a_burst_of_answers_the_newest_is_written_and_nobody_is_told_too_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Key] = []
    gate = threading.Event()

    def slowly(journal: Journal, names: Iterable[str] = ()) -> str:
        gate.wait()
        name = write_journal(journal, names)
        written.append(journal.session.node.key)
        return name

    running = Running(open_prompt(OPTIONS, PROMPT), tmp_path / "s")
    running.finish()
    running.search.saving.result()
    monkeypatch.setattr("engine.search.journal_writer.write_journal", slowly)
    savings = []
    for mark in range(20):
        running.search.tell(Picked(marks=(mark % CANDIDATES,)), CANDIDATES)
        savings.append(running.search.saving)
    assert not any(saving.done() for saving in savings)
    gate.set()
    running.close()
    assert len(written) <= 3, "the one that was being written, the newest, and perhaps that one with its picture"
    assert read_session(tmp_path / "s").session.node.key == running.search.session.node.key


PROGRAM = """
import sys
from pathlib import Path
from engine.resume import open_journal
from engine.options import Options
from engine.search.answers import Picked
from engine.search.sessions import read_session
from tests.engine.search.test_journal_first import CANDIDATES, PROMPT, held, open_prompt
folder = Path(sys.argv[1])
is_new = not (folder / "session.json").exists()
opening = open_prompt(Options(seed=5), PROMPT) if is_new else open_journal(Options(), read_session(folder))
with held(opening, folder) as running:
    print("begun", len(running.search.session.lineage.rounds), flush=True)
    while True:
        running.search.tell(Picked(marks=(1,)), CANDIDATES)
        running.search.saving.result()
        print("shown", len(running.search.session.lineage.rounds), flush=True)
"""


@pytest.mark.slow  # it starts programs
def test_a_program_that_is_killed_at_any_moment_has_lost_no_pick_that_was_shown(tmp_path: Path) -> None:
    folder, rounds = tmp_path / "s", 0
    for number in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == f"begun {rounds}\n"
            for line, shown in zip(process.stdout, count(rounds + 1), strict=False):
                assert line == f"shown {shown}\n"
                if shown == rounds + 5 + 7 * number:
                    break
            os.kill(process.pid, signal.SIGKILL)
            late = process.stdout.read().splitlines()
        found = len(read_journal(folder).session.lineage.rounds)
        assert found >= shown + sum(line.startswith("shown") for line in late)
        rounds = found
