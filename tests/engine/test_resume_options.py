"""What the options ask for when a session is resumed, or an edited picture is opened: never more than one edit."""

from __future__ import annotations

from pathlib import Path

from engine.edit import Edit, edited
from engine.open import open_picture, open_prompt
from engine.options import Options
from engine.search.answers import Picked, Redone, Undone
from engine.search.running import PARENT
from tests.support.engine.searching import CANDIDATES, Running, resumed

OPTIONS = Options(seed=5)


def test_what_the_options_change_of_a_session_is_an_edit_that_can_be_undone(tmp_path: Path) -> None:
    running = Running(open_prompt(OPTIONS, "a red sun over a lake"), tmp_path / "s")
    running.finish()
    running.tell(Picked(marks=(1,)))
    lineage, template = running.search.session.lineage, running.search.session.template
    steps = running.search.settings.num_inference_steps
    running.close()

    again = resumed(tmp_path / "s", Options(num_inference_steps=9))
    again.finish()
    assert again.rendered() == 1 + CANDIDATES
    assert again.renderer.jobs[0].settings.num_inference_steps == 9
    last = again.search.session.lineage.rounds[-1]
    assert (last.settings, last.before) == ({"steps": 9}, {"steps": steps})
    again.tell(Undone())
    assert (again.search.session.lineage, again.search.session.template) == (lineage, template)
    assert again.search.settings.num_inference_steps == steps
    again.tell(Redone())
    again.close()

    third = resumed(tmp_path / "s", Options(num_inference_steps=9))
    third.finish()
    assert third.search.session.lineage.rounds[-1] == last, "the session has these settings already"
    third.tell(Undone())
    assert third.search.settings.num_inference_steps == steps, "what came before the edit keeps its own"
    third.close()
    assert third.troubles == []


def test_the_part_before_an_edit_of_an_opened_picture_keeps_its_settings(tmp_path: Path) -> None:
    running = Running(open_prompt(OPTIONS, "a red sun over a lake"), tmp_path / "s")
    running.finish()
    steps = running.search.settings.num_inference_steps
    parent = running.search.finished(PARENT)
    assert parent is not None
    found = edited(OPTIONS, parent.record, Edit(num_inference_steps=9))
    running.search.edit(found.round_, found.variant, CANDIDATES)
    running.finish()
    running.close()
    opened = Running(open_picture(Options(num_inference_steps=9), tmp_path / "s" / "002-round1.png"), tmp_path / "t")
    opened.finish()
    opened.tell(Undone())
    assert opened.search.settings.num_inference_steps == steps
    opened.close()
