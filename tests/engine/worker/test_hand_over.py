"""Each request becomes the call that it stands for."""

from __future__ import annotations

from engine.rendering.renderer import hand_over
from engine.rendering.requests import CancelJob, CancelRound, InvertJob
from tests.support.engine.kept import Played
from tests.support.engine.workers import LOAD, SETTINGS, job_of


def test_every_request_becomes_its_call() -> None:
    renderer = Played()
    photo = InvertJob(job=2, width=8, height=8, rgb=bytes(192), settings=SETTINGS)
    for request in (LOAD, job_of(1), photo, CancelJob(job=1), CancelRound(round_id=7)):
        hand_over(request, renderer)
    assert renderer.calls == [LOAD, job_of(1), photo, ("cancel", 1), ("cancel round", 7)]
