"""The renderer of a cluster before any node takes part: what it refuses, and how it ends; and the reports about one."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from engine.cluster import local_head, main, renderer, status
from engine.cluster.address import Cluster
from engine.cluster.local_head import Head
from engine.cluster.renderer import RayRenderer
from engine.cluster.status import status_of
from engine.errors import RenderError
from engine.models.json_files import write_state
from engine.models.resolve import EMBEDDED, resolve_model
from engine.rendering.events import LOADING, Event, Failure, JobFailed, LoadingProgressed
from engine.rendering.renderer import Renderer
from engine.rendering.requests import ModelChoice
from tests.support.engine.workers import LOAD, TIMEOUT_SECONDS, job_of

CLUSTER = Cluster(host="10.0.0.7", port=6379)
EMBEDDED_LOAD = replace(LOAD, model=resolve_model(EMBEDDED))
CONNECTING = LoadingProgressed(stage="connecting to the Ray cluster")


@pytest.fixture
def events() -> Iterator[tuple[Renderer, queue.Queue[Event]]]:
    found: queue.Queue[Event] = queue.Queue()
    it = RayRenderer(CLUSTER, lambda: None)
    it.start(found.put)
    yield it, found
    it.close()


def take(found: queue.Queue[Event], count: int) -> list[Event]:
    return [found.get(timeout=TIMEOUT_SECONDS) for _ in range(count)]


def test_a_model_that_cannot_be_used_is_refused_before_anything_is_connected(
    events: tuple[Renderer, queue.Queue[Event]],
) -> None:
    it, found = events
    it.load(replace(LOAD, model=ModelChoice(path="a/b", name="a/b", download=True)))
    it.render(job_of(1))
    (failed, job) = take(found, 2)
    assert isinstance(failed, JobFailed)
    assert (failed.job, failed.failure) == (LOADING, Failure.MODEL)
    assert failed.sentence.startswith("--download cannot be combined with --ray")
    assert job == JobFailed(job=1, failure=Failure.MODEL, sentence="no model is loaded yet")


def test_a_cluster_that_is_refused_is_tried_again_with_the_next_load(
    events: tuple[Renderer, queue.Queue[Event]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(cluster: Cluster) -> None:
        raise RenderError(f"not {cluster.address}")

    monkeypatch.setattr(renderer, "check_cluster", check)
    it, found = events
    refused = JobFailed(job=LOADING, failure=Failure.CRASH, sentence="not 10.0.0.7:6379")
    it.load(EMBEDDED_LOAD)
    it.load(EMBEDDED_LOAD)
    it.cancel(1)
    it.cancel_round(1)
    assert take(found, 4) == [CONNECTING, refused] * 2


def test_what_ray_says_when_it_cannot_connect(
    events: tuple[Renderer, queue.Queue[Event]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray")

    def init(**_: object) -> None:
        raise RuntimeError("\nVersion mismatch: the cluster has Ray 2.52.0\nand more\n")

    monkeypatch.setattr(renderer, "check_cluster", lambda _: None)
    monkeypatch.setattr(ray, "init", init)
    it, found = events
    it.load(EMBEDDED_LOAD)
    assert take(found, 2)[1] == JobFailed(
        job=LOADING,
        failure=Failure.CRASH,
        sentence="the Ray cluster at 10.0.0.7:6379 cannot be used: Version mismatch: the cluster has Ray 2.52.0",
    )


def test_a_driver_whose_cluster_is_gone_ends_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    main._end(CLUSTER)
    assert codes == [1]
    assert capsys.readouterr().err == "the Ray cluster at 10.0.0.7:6379 cannot be reached any more\n"


@pytest.mark.parametrize(("name", "codes"), [("pool", [1]), ("ray events b gpu 0", [1]), ("ray_listen_errors", [])])
def test_a_driver_ends_when_a_thread_of_its_own_has_failed(
    name: str, codes: list[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError("3 is no slot")

    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(threading, "excepthook", main.end_without_thread)
    thread = threading.Thread(target=fail, name=name)
    thread.start()
    thread.join()
    assert ended == codes
    assert capsys.readouterr().err.splitlines()[-1] == "ValueError: 3 is no slot"


@pytest.mark.parametrize("printed", [b"", b"no JSON\n"])
def test_a_cluster_that_does_not_say_what_it_is(printed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "check_cluster", lambda _: None)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, printed))
    with pytest.raises(RenderError) as caught:
        status_of(CLUSTER)
    assert str(caught.value) == "the Ray cluster at 10.0.0.7:6379 did not say what it consists of"


def test_a_head_that_does_not_start_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []

    def arguments(folder: Path) -> list[str]:
        folders.append(folder.parent)
        return ["print('one'); print('no port is free'); print(); exit(1)"]

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(local_head, "_PROGRAM", "tests.support.engine.saying")
    monkeypatch.setattr(local_head, "_arguments", arguments)
    with pytest.raises(RenderError) as caught:
        local_head.start_head()
    assert str(caught.value) == "Ray did not start on this machine: no port is free"
    assert not folders[0].exists()
    assert local_head.running_head() is None
    assert sorted(file.name for file in (tmp_path / "warmer").iterdir()) == ["ray-token", "ray.lock"]


def test_programs_that_start_a_head_at_once_share_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    is_first, may_go_on = threading.Event(), threading.Event()
    started: list[Head] = []

    def start() -> Head:
        is_first.set()
        assert may_go_on.wait(TIMEOUT_SECONDS)
        created = psutil.Process().create_time()
        started.append(Head(address="127.0.0.1:1", token_path="/t", folder="/f", pid=os.getpid(), created=created))
        write_state(tmp_path / "warmer" / "ray.json", asdict(started[-1]))
        return started[-1]

    monkeypatch.setattr(local_head, "_start", start)
    found: queue.Queue[Head] = queue.Queue()
    threads = [threading.Thread(target=lambda: found.put(local_head.start_head())) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert is_first.wait(TIMEOUT_SECONDS)
    may_go_on.set()
    for thread in threads:
        thread.join(TIMEOUT_SECONDS)
    assert len(started) == 1
    assert [found.get(), found.get()] == started * 2


def test_a_token_is_made_once_and_again_if_it_was_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = tmp_path / "warmer" / "ray-token"
    file.parent.mkdir()
    file.write_text("")
    assert local_head._token_path() == file
    token = file.read_text()
    assert (len(token), file.stat().st_mode & 0o777) == (64, 0o600)
    local_head._token_path()
    assert file.read_text() == token
