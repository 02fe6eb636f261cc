"""The words on the screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from engine.search.answers import Picked
from engine.search.progress import Progress
from engine.search.session import begin, tell
from latentpng.record import Lineage, SeedRoot
from tui.app.model_load import ModelLoad, waiting_words
from tui.app.phrases import (
    PARENT_READY,
    READY,
    Caption,
    bar,
    duration,
    invitation,
    load_words,
    notice_of_load,
    percent,
    progress_words,
)

if TYPE_CHECKING:
    from engine.rendering.events import ModelReady
    from engine.rendering.requests import LoadModel


def test_small_scales_can_be_told_apart() -> None:
    assert [percent(part) for part in (0.5, 0.98, 0.9949, 0.9998, 1.0)] == ["50%", "98%", "99.5%", "100.0%", "100%"]


def test_progress() -> None:
    running = Progress(total=8, steps_done=dict.fromkeys(range(4), 0.5), step=5, steps=10, running=True)
    assert progress_words(running, 6.2) == "step 5/10, 25% of the grid, about 6 s left"
    assert progress_words(Progress(total=8, running=True), None) == "rendering"
    assert progress_words(Progress(), None) == ""
    assert progress_words(running, None) == "step 5/10, 25% of the grid"


def test_times_as_people_say_them() -> None:
    said = [duration(seconds) for seconds in (0.0, 1.6, 89.4, 90.0, 3000.0, 9000.0)]
    assert said == ["1 s", "2 s", "89 s", "2 min", "50 min", "2.5 h"]


def test_loading() -> None:
    ready, request = cast("ModelReady", object()), cast("LoadModel", object())
    assert load_words(ModelLoad()) == "starting the renderer"
    assert load_words(ModelLoad(request=request, seconds=3)) == "starting the renderer, 3 s"
    assert load_words(ModelLoad(request=request, stage="importing torch")) == "importing torch"
    assert load_words(ModelLoad(request=request, stage="loading weights", seconds=12)) == "loading weights, 12 s"
    assert load_words(ModelLoad(ready=ready)) == ""
    assert load_words(ModelLoad(failure="the model is damaged")) == (
        "the model is damaged; press r to try again, or o to open another picture"
    )


def test_seconds_that_pass_do_not_hide_a_sentence() -> None:
    request = cast("LoadModel", object())
    before = ModelLoad(request=request, stage="loading weights", seconds=3)
    after = replace(before, seconds=4)
    assert notice_of_load("loading weights, 3 s", before, after) == "loading weights, 4 s"
    assert notice_of_load("the file cannot be read", before, after) == "the file cannot be read"
    assert notice_of_load("the file cannot be read", before, replace(after, stage="warming up")) == "warming up, 4 s"


def test_others_that_come_first_hide_no_sentence() -> None:
    ready = ModelLoad(ready=cast("ModelReady", object()))
    assert notice_of_load("went back one step", ready, replace(ready, place=2)) == "went back one step"
    loading = ModelLoad(request=cast("LoadModel", object()), stage="loading weights")
    waits = replace(loading, place=1)
    assert notice_of_load("loading weights", loading, waits) == "waiting: 1 request of another program comes first"
    assert notice_of_load(load_words(waits), waits, loading) == "loading weights"


def test_what_to_do_next() -> None:
    session = begin(Lineage(root=SeedRoot(seed=1)), seed=1, octaves=3, scale=0.5, count=8)
    picked = tell(session, Picked(marks=(0,)))
    assert invitation(session, 0) == "press the number of the best picture, n if none is better"
    assert invitation(picked, 0) == "press the number of the best picture, n if none is better, u to undo"
    assert invitation(picked, 1) == "press Enter to pick the marked candidate"
    assert invitation(picked, 2) == "press Enter to blend the 2 marked candidates"


def test_captions() -> None:
    assert Caption(key="1").words(20) == "1"
    assert Caption(key="9", name="parent", fraction=0.5).words(30) == "9 parent ━━━━────"
    assert Caption(key="", name="parent").words(30) == "parent"
    assert Caption(key="k", is_marked=True, is_starred=True).words(20) == "k ● marked ★"
    assert Caption(key="k", is_marked=True, is_starred=True).words(10) == "k ● ★"
    assert bar(1.0, 3) == "━━━"


def test_captions_fit_their_cells() -> None:
    for columns in range(3, 40):
        for fraction in (0.0, 0.5, 1.0):
            assert len(Caption(key="1", fraction=fraction).words(columns)) <= columns
        shows = ("candidate 3: 50% changes", "50% changes", "Δ 50%")
        assert len(Caption(key="1", shows=shows).words(columns)) <= max(columns, 5)
    assert Caption(key="1", shows=shows).words(30) == "1 candidate 3: 50% changes"
    assert Caption(key="1", shows=shows).words(13) == "1 50% changes"
    assert Caption(key="1", shows=shows).words(5) == "Δ 50%"


def test_a_narrow_line_invites_in_fewer_words() -> None:
    session = begin(Lineage(root=SeedRoot(seed=1)), seed=1, octaves=3, scale=0.5, count=8)
    picked = tell(session, Picked(marks=(0,)))
    assert invitation(picked, 0, 60) == "press the number of the best picture, n if none is better"
    assert invitation(picked, 0, 43) == "press the number of the best picture"


def test_captions_say_what_is_ready_and_what_is_a_draft_and_only_where_there_is_room() -> None:
    ready = Caption(key="1", ready=READY)
    assert [ready.words(columns) for columns in (7, 6, 3, 2)] == ["1 ready", "1 »", "1 »", "1"]
    both = Caption(key="12", is_draft=True, is_starred=True, ready=READY)
    assert both.words(16) == "12 ★ draft ready"
    assert [both.words(columns) for columns in (15, 8, 7)] == ["12 ★ ~ »", "12 ★ ~ »", "12 ★"]
    assert Caption(key="9", name="parent", ready=READY).words(14) == "9 parent ready"
    assert Caption(key="", name="parent", ready=PARENT_READY).words(20) == "parent · n is ready"
    assert Caption(key="", name="parent", ready=PARENT_READY).words(18) == "parent »"
    assert Caption(key="1", is_draft=True, fraction=0.5).words(20) == "1 draft ━━━━────"
    assert Caption(key="1", is_marked=True, ready=READY).words(16) == "1 ● marked ready"


def test_signs_become_shorter_before_regions_do() -> None:
    chosen = Caption(key="1", regions=("the left half", "left"), ready=READY)
    assert [chosen.words(columns) for columns in (21, 20, 16, 12, 8)] == [
        "1 the left half ready",
        "1 the left half »",
        "1 the left half",
        "1 left ready",
        "1 left »",
    ]


def test_who_comes_first_in_a_shared_renderer() -> None:
    assert [waiting_words(place) for place in (0, 1, 2)] == [
        "",
        "waiting: 1 request of another program comes first",
        "waiting: 2 requests of other programs come first",
    ]
