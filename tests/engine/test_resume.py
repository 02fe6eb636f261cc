"""A session that is continued goes on as if it had never ended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.edit import Edit, edited
from engine.errors import InvalidRequestError, ModelError, StoreError
from engine.fake_pictures import paint
from engine.open import open_picture, open_prompt
from engine.options import Options
from engine.resume import open_journal
from engine.search.answers import (
    Answer,
    Jumped,
    NoneBetter,
    Picked,
    Rebanded,
    Redirected,
    Redone,
    Rerolled,
    Rescaled,
    Undone,
)
from engine.search.axis import Axis
from engine.search.bands import Bands
from engine.search.running import PARENT
from engine.search.session import can_redo, can_undo
from engine.search.sessions import read_session, saved_sessions
from latentpng.noise.replay import record_of, replay
from latentpng.png.files import embed_record, read_picture, read_record, write_picture
from latentpng.record import Lineage, Round, SeedRoot, TensorRoot
from tests.support.engine.searching import CANDIDATES, Running, resumed

OPTIONS = Options(seed=5)
PROMPT = "a red sun over a lake"


def begun(folder: Path, *, keep_all: bool = False) -> Running:
    """Begin a session with a prompt, and wait for its first grid."""
    running = Running(open_prompt(OPTIONS, PROMPT), folder, keep_all=keep_all)
    running.finish()
    return running


def edit(running: Running, change: Edit) -> None:
    """Edit the parent, and wait for the grid."""
    finished = running.search.finished(PARENT)
    assert finished is not None
    found = edited(OPTIONS, finished.record, change)
    running.search.edit(found.round_, found.variant, CANDIDATES)
    running.finish()


def offer(running: Running) -> tuple[Lineage, Round, str]:
    session = running.search.session
    return session.lineage, session.template, running.search.settings.prompt


ANSWERS: tuple[Answer, ...] = (
    Picked(marks=(1,)),
    NoneBetter(),
    Rerolled(),
    Rescaled(factor=2.0),
    Rebanded(bands=Bands.TILT),
    Picked(marks=(0, 2)),
    Redirected(axis=Axis.BOTH),
    Jumped(node=0),
    Picked(marks=(2,)),
)


def test_undo_walks_the_same_steps_and_renders_no_parent_again(tmp_path: Path) -> None:
    running = begun(tmp_path / "s")
    offers = [offer(running)]
    for answer in ANSWERS:
        running.tell(answer)
        offers.append(offer(running))
    edit(running, Edit(prompt="a hill"))
    offers.append(offer(running))
    running.tell(Undone())
    running.close()

    again = resumed(tmp_path / "s")
    again.finish()
    assert offer(again) == offers[-2]
    again.tell(Redone())
    assert offer(again) == offers[-1]
    assert not can_redo(again.search.session)
    for known in reversed(offers[:-1]):
        again.tell(Undone())
        assert offer(again) == known
    assert not can_undo(again.search.session)
    assert [task for job in again.renderer.jobs for task in job.tasks if task.index == PARENT] == []
    again.close()
    assert again.troubles == []


def test_picks_that_were_never_rendered_are_not_lost(tmp_path: Path) -> None:
    running = begun(tmp_path / "s")
    for mark in (1, 2, 0):
        running.search.tell(Picked(marks=(mark,)), CANDIDATES)
    lineage = running.search.session.lineage
    running.close()
    again = resumed(tmp_path / "s")
    again.finish()
    assert again.search.session.lineage == lineage
    assert [task.index for task in again.renderer.jobs[0].tasks] == [0, 1, 2, 3]
    again.close()


def test_with_keep_all_nothing_at_all_is_rendered_again(tmp_path: Path) -> None:
    running = begun(tmp_path / "s", keep_all=True)
    for answer in ANSWERS[:3]:
        running.tell(answer)
    running.close()
    again = resumed(tmp_path / "s")
    again.finish()
    while can_undo(again.search.session):
        again.tell(Undone())
    assert again.rendered() == 0
    again.close()
    assert len(list((tmp_path / "s").glob("*.png"))) == len(running.search._pictures._store.files)


def test_the_same_answer_gives_the_same_grid_after_a_session_was_continued(tmp_path: Path) -> None:
    running = begun(tmp_path / "s")
    running.tell(Picked(marks=(1,)))
    running.close()
    straight, back = resumed(tmp_path / "s"), resumed(tmp_path / "s")
    for one in (straight, back):
        one.finish()
    running = begun(tmp_path / "other")
    running.tell(Picked(marks=(1,)))
    for one in (running, straight):
        one.tell(NoneBetter())
    assert running.search.plan == straight.search.plan
    for one in (running, straight, back):
        one.close()


def test_stars_are_read_from_their_files(tmp_path: Path) -> None:
    running = begun(tmp_path / "s")
    running.search.star(2)
    running.tell(Rerolled())
    running.close()
    again = resumed(tmp_path / "s")
    again.finish()
    starred = [index for index, node in enumerate(again.search.session.tree.nodes) if node.is_starred]
    assert [again.search.file(index) for index in starred] == [tmp_path / "s" / "002-round1.png"]
    rendered = again.rendered()
    again.tell(Undone())
    assert again.rendered() == rendered + CANDIDATES - 1
    assert again.search.is_starred(2)
    again.close()


@pytest.mark.parametrize("damage", ["missing", "edited", "another picture"])
def test_a_file_that_is_not_what_it_was_is_rendered_again(tmp_path: Path, damage: str) -> None:
    running = begun(tmp_path / "s")
    running.tell(Picked(marks=(1,)))
    running.close()
    file, other = tmp_path / "s" / "002-round1.png", tmp_path / "s" / "001-round0.png"
    if damage == "missing":
        file.unlink()
    elif damage == "another picture":
        file.write_bytes(other.read_bytes())
    else:
        spoil(file)
    again = resumed(tmp_path / "s")
    again.finish()
    assert again.renderer.jobs[0].tasks[0].index == PARENT
    finished, before = again.search.finished(PARENT), running.search.finished(PARENT)
    assert finished is not None
    assert before is not None
    assert finished.picture == before.picture
    again.close()
    saved = again.search.file(again.search.session.place.node)
    assert saved == tmp_path / "s" / ("002-round1.png" if damage == "missing" else "003-round1.png")


def spoil(file: Path) -> None:
    """Change pixels of a picture and keep its record, as an editor of pictures may."""
    record = read_record(file)
    width, height, rgb = read_picture(file)
    write_picture(file, width, height, bytes(255 - value for value in rgb), record)
    embed_record(file, record)


def test_an_edit_of_which_nothing_was_rendered_is_found_from_what_it_changed(tmp_path: Path) -> None:
    running = begun(tmp_path / "s")
    finished = running.search.finished(PARENT)
    assert finished is not None
    found = edited(OPTIONS, finished.record, Edit(prompt="a hill", num_inference_steps=7))
    running.search.edit(found.round_, found.variant, CANDIDATES)
    running.search.tell(Undone(), CANDIDATES)
    running.finish()
    running.close()
    again = resumed(tmp_path / "s")
    again.tell(Redone())
    settings = again.search.settings
    assert (settings.prompt, settings.num_inference_steps) == ("a hill", 7)
    assert settings == found.variant.settings
    again.close()


def test_a_part_that_cannot_be_rendered_here_says_so_and_changes_nothing(tmp_path: Path) -> None:
    running = begun(tmp_path / "s")
    edit(running, Edit(prompt="a hill"))
    running.tell(Undone())
    running.close()
    journal = read_session(tmp_path / "s")
    hill = next(key for key in journal.recorded if key)
    gone = {"name": "a lost model", "fingerprint": "sha256:" + "0" * 64, "pipeline": "FakePipeline"}
    recorded = {
        **journal.recorded,
        hill: replace(journal.recorded[hill], settings={**journal.recorded[hill].settings, "model": gone}),
    }
    again = Running(open_journal(Options(), replace(journal, recorded=recorded)), tmp_path / "s")
    again.finish()
    before = again.search.session
    with pytest.raises(InvalidRequestError) as caught:
        again.search.tell(Redone(), CANDIDATES)
    assert str(caught.value).startswith(
        "this picture cannot be rendered here: this picture was made with the model 'a lost model', which is not known "
        "on this machine"
    )
    assert again.search.session is before
    with pytest.raises(ModelError, match="'a lost model'"):
        open_journal(Options(), replace(journal, recorded=dict.fromkeys(journal.recorded, recorded[hill])))
    again.close()


def test_an_opened_picture_stays_where_it_is_and_is_found_again(tmp_path: Path) -> None:
    running = begun(tmp_path / "first")
    running.tell(Picked(marks=(1,)))
    running.close()
    picture = tmp_path / "first" / "002-round1.png"
    opened = Running(open_picture(OPTIONS, picture), tmp_path / "second")
    opened.finish()
    opened.close()
    assert not (tmp_path / "second").exists(), "a picture that was only looked at leaves no session"
    opened = Running(open_picture(OPTIONS, picture), tmp_path / "second")
    opened.finish()
    opened.tell(NoneBetter())
    opened.close()
    again = resumed(tmp_path / "second")
    assert again.search.file(again.search.session.place.node) == picture
    assert again.search.finished(PARENT) is not None
    again.finish()
    again.tell(Undone())
    again.tell(Undone())
    assert again.search.session.lineage.rounds == ()
    again.close()


def test_undo_past_an_edit_of_an_opened_picture_uses_the_settings_of_that_time(tmp_path: Path) -> None:
    running = begun(tmp_path / "s")
    edit(running, Edit(prompt="a hill", num_inference_steps=7))
    running.tell(Picked(marks=(1,)))
    edit(running, Edit(prompt="a wood"))
    running.close()
    newest = max((tmp_path / "s").glob("*.png"))
    opened = Running(open_picture(OPTIONS, newest), tmp_path / "t")
    opened.finish()
    seen = []
    while True:
        settings = opened.search.settings
        seen.append((settings.prompt, settings.num_inference_steps))
        assert opened.search.variant.problem == ""
        if not can_undo(opened.search.session):
            break
        opened.tell(Undone())
    steps = running.search.variant_of(0)
    assert steps is not None
    assert seen == [("a wood", 7), ("a hill", 7), ("a hill", 7), (PROMPT, steps.settings.num_inference_steps)]
    opened.close()
    again = resumed(tmp_path / "t")
    again.finish()
    again.tell(Redone())
    assert again.search.settings.prompt == "a hill"
    again.close()


def test_the_session_is_listed_with_what_it_shows(tmp_path: Path) -> None:
    running = begun(tmp_path / "root" / "s")
    running.tell(Picked(marks=(1,)))
    running.close()
    (found,) = saved_sessions(tmp_path / "root", tmp_path / "index.txt")
    assert (found.folder, found.prompt, found.model) == (tmp_path / "root" / "s", PROMPT, "embedded")
    assert (found.pictures, found.cover) == (2, tmp_path / "root" / "s" / "002-round1.png")
    (other,) = saved_sessions(tmp_path / "nowhere", tmp_path / "root" / "index.txt")
    assert other == found


def stored(file: Path) -> None:
    """Write a picture whose noise came from elsewhere, rendered by the fake renderer."""
    running = begun(file.parent / "for its settings")
    finished = running.search.finished(PARENT)
    running.close()
    assert finished is not None
    noise = replay(Lineage(root=SeedRoot(seed=99)), (4, 16, 16), "CHW")
    picture = paint(noise, "CHW", finished.picture.width, finished.picture.height)
    record = record_of(
        Lineage(root=TensorRoot(source={"method": "fake"})),
        noise,
        axes="CHW",
        root_tensor=noise,
        settings=finished.record.settings,
        software=finished.record.software,
    )
    write_picture(file, picture.width, picture.height, picture.rgb, record)


@pytest.mark.parametrize("is_there", [True, False])
def test_stored_noise_is_taken_from_any_picture_of_the_session(tmp_path: Path, is_there: bool) -> None:
    picture = tmp_path / "stored.png"
    stored(picture)
    running = Running(open_picture(OPTIONS, picture), tmp_path / "s")
    running.finish()
    running.tell(Picked(marks=(1,)))
    before = running.search.finished(2)
    running.close()
    if not is_there:
        picture.unlink()
    again = resumed(tmp_path / "s")
    again.finish()
    after = again.search.finished(2)
    assert before is not None
    assert after is not None
    assert after.picture == before.picture
    again.tell(Undone())
    parents = [task for job in again.renderer.jobs for task in job.tasks if task.index == PARENT]
    assert len(parents) == (0 if is_there else 1)
    again.close()


@pytest.mark.parametrize("digest", ["ab" * 32, "", "\0" * 64, "/../" * 16, "\ud800"], ids=range(5))
def test_a_session_without_its_noise_cannot_be_continued(tmp_path: Path, digest: str) -> None:
    running = begun(tmp_path / "s")
    running.close()
    journal = read_session(tmp_path / "s")
    nodes = journal.session.tree.nodes
    chain = Lineage(root=TensorRoot(source={"method": "fake"}))
    session = replace(journal.session, tree=replace(journal.session.tree, nodes=(replace(nodes[0], chain=chain),)))
    with pytest.raises(StoreError) as caught:
        open_journal(Options(), replace(journal, session=session, root_noise=digest))
    assert str(caught.value) == (
        f"{tmp_path}/s: this session cannot be continued: the noise that it began with is neither "
        "beside its journal nor in one of its pictures any more"
    )
