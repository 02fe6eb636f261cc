"""The worker that stays, with the model that ships: the same pixels as from a worker of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.kept.address import address
from engine.kept.connecting import connect, stop
from engine.models.resolve import defaults_of, resolve_model
from engine.renderers import RendererChoice, needs_of, renderer_for
from engine.rendering.events import JobDone, PictureRendered
from engine.rendering.requests import LoadModel, RenderJob
from tests.support.engine.kept import Client
from tests.support.engine.workers import job_of

pytestmark = [pytest.mark.slow, pytest.mark.torch]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WARMER_RUNTIME_DIR", str(tmp_path / "run"))
    yield
    if connection := connect(address()):
        with connection:
            stop(connection, needs_of(RendererChoice()))


def pictures(choice: RendererChoice, job: RenderJob, load: LoadModel) -> list[tuple[int, object, bytes]]:
    """Render a job, and return the pictures with what their files would record."""
    client = Client(renderer_for(choice))
    client.renderer.load(load)
    client.renderer.render(job)
    found = [event for event in client.until(JobDone) if isinstance(event, PictureRendered)]
    client.renderer.close()
    return [(event.index, event.record.metadata, event.picture.rgb) for event in found]


def test_the_pixels_and_the_record_are_those_of_a_worker_of_ones_own() -> None:
    model = resolve_model("")
    settings = replace(defaults_of(model).settings("a lake"), num_inference_steps=2)
    load, job = LoadModel(model=model, settings=settings, device="cpu"), replace(job_of(1), settings=settings)
    own = pictures(RendererChoice(), job, load)
    first = pictures(RendererChoice(keep_alive=600.0), job, load)
    second = pictures(RendererChoice(), job, load)
    assert address().has_socket
    assert first == own
    assert second == own, "also when it has rendered before"
