"""Working ahead changes no bit: a search with a real pipeline, in batches, with and without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import LoadedModel
from engine.open import Opening, open_prompt
from engine.options import Options
from engine.rendering.events import Event
from engine.rendering.requests import RenderJob
from engine.search.answers import Answer, NoneBetter, Picked, Rerolled, Undone
from tests.support.engine.searching import CANDIDATES, Running
from tests.support.engine.stepwise import Stepwise
from tests.support.engine.tiny import load_tiny, save_tiny

BATCH = 2
ANSWERS: tuple[Answer, ...] = (Picked(marks=(1,)), NoneBetter())


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(save_tiny(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture
def opening(loaded: LoadedModel) -> Opening:
    options = Options(model=loaded.choice.path, seed=5, size=(32, 32), num_inference_steps=4, device="cpu")
    return open_prompt(options, "a lake")


class Pipeline(Stepwise):
    """A renderer that renders with a pipeline, in its own thread, as many steps as it is allowed."""

    def __init__(self, loaded: LoadedModel) -> None:
        super().__init__()
        self._runner = JobRunner(loaded, emit=self._emit, is_cancelled=self._is_held_or_cancelled, micro_batch=BATCH)

    def _emit(self, event: Event) -> None:
        self._on_event(event)

    def _is_held_or_cancelled(self, job: int) -> bool:
        self._wait(job)
        return False

    def _render(self, job: RenderJob) -> None:
        self._runner.run(job)


def seen(running: Running) -> list[tuple[bytes, object]]:
    """Return the pixels of the grid, and what each of its pictures records."""
    found = [running.search.finished(index) for index in range(running.search.size)]
    return [(each.picture.rgb, each.record) for each in found if each is not None]


def begun(loaded: LoadedModel, opening: Opening, folder: Path) -> tuple[Running, Pipeline]:
    renderer = Pipeline(loaded)
    running = Running(opening, folder, renderer=renderer)
    running.finish()
    return running, renderer


def grids_of(running: Running, grids: int) -> list[list[tuple[bytes, object]]]:
    """Return each grid of a search whose answers come when all grids are there that may be rendered ahead."""
    running.search.set_ahead(grids)
    found = []
    for answer in ANSWERS:
        running.until(lambda: not grids or all(map(running.search.is_ready, range(CANDIDATES + 1))))
        running.tell(answer)
        found.append(seen(running))
    running.close()
    return found


def test_a_search_has_the_same_bits_with_and_without_it(loaded: LoadedModel, opening: Opening, tmp_path: Path) -> None:
    off, on = (grids_of(begun(loaded, opening, tmp_path / str(grids) / "s")[0], grids) for grids in (0, 99))
    assert off == on


@pytest.mark.parametrize("steps", [6, 11])
def test_work_that_was_taken_over_or_cancelled_has_the_same_bits(
    loaded: LoadedModel, opening: Opening, tmp_path: Path, steps: int
) -> None:
    """Steps: how many checks of a cancellation there are until the answer comes."""
    plain, _ = begun(loaded, opening, tmp_path / "plain" / "s")
    plain.tell(Picked(marks=(1,)))
    for number, is_cancelled in enumerate((False, True)):
        running, renderer = begun(loaded, opening, tmp_path / str(number) / "s")
        renderer.hold()
        running.search.look_at(2)
        running.search.set_ahead(1)
        before = len(renderer.begun)
        renderer.allow(steps)
        running.until(lambda: len(renderer.begun) == before + steps)  # noqa: B023 (called in this loop)
        if is_cancelled:
            running.search.tell(Rerolled(), CANDIDATES)
            renderer.allow()
            running.finish()
            running.tell(Undone())
        running.search.tell(Picked(marks=(1,)), CANDIDATES)
        running.search.set_ahead(0)
        renderer.allow()
        running.finish()
        assert seen(running) == seen(plain)
        running.close()
    plain.close()
