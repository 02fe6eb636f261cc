"""A Ray cluster of several nodes on this machine: every picture arrives once, whatever dies, joins or leaves.

All tests that start Ray are in this file, because each start takes seconds: one cluster serves most of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.cluster.address import Cluster
from engine.cluster.local_head import running_head
from engine.cluster.main import program_of
from engine.cluster.status import NodeStatus, WorkerStatus, status_of
from engine.errors import RenderError
from engine.models.resolve import EMBEDDED, resolve_model
from engine.rendering.events import (
    LOADING,
    Event,
    Failure,
    JobDone,
    JobFailed,
    ModelReady,
    PictureRendered,
    PreviewRendered,
    RendererNoticed,
)
from engine.rendering.requests import LoadModel, RenderJob
from latentpng import __version__
from tests.support.engine.folders import model_folder
from tests.support.engine.ray_nodes import RayNodes, ray_nodes
from tests.support.engine.workers import FAKE_WORKER, LOAD, ROOT, Watched, comes_true, job_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")]

SLOW = (FAKE_WORKER, "0.05")
EMBEDDED_LOAD = replace(LOAD, model=resolve_model(EMBEDDED), micro_batch=1)
COUNT = 12
ENDED = "its Ray actor died; it starts again with the next picture"


@pytest.fixture(scope="module")
def nodes() -> Iterator[RayNodes]:
    with ray_nodes() as started:
        started.add("a")
        started.add("b")
        yield started


@pytest.fixture(scope="module")
def expected() -> dict[int, bytes]:
    """The pictures of the grid as one worker renders them."""
    return of_one_worker(EMBEDDED_LOAD, grid())


@pytest.fixture
def connect(nodes: RayNodes) -> Iterator[Callable[..., Watched]]:
    """Returns a renderer of the cluster that is ready."""
    opened: list[Watched] = []

    def opener(worker: tuple[str, ...] = SLOW, load: LoadModel = EMBEDDED_LOAD) -> Watched:
        watched = Watched(program=program_of(cluster_at(nodes), worker=worker))
        opened.append(watched)
        watched.renderer.load(load)
        assert isinstance(watched.until((ModelReady, JobFailed))[-1], ModelReady)
        return watched

    yield opener
    for watched in opened:
        watched.renderer.close()
    assert comes_true(lambda: not nodes.actors()), "the actors end with the program"


def cluster_at(nodes: RayNodes, token_path: str = "") -> Cluster:
    host, _, port = nodes.address.partition(":")
    return Cluster(host=host, port=int(port), token_path=token_path or nodes.token_path)


def grid() -> RenderJob:
    return replace(job_of(1, count=COUNT), previews=True)


def pictures(events: list[Event]) -> dict[int, bytes]:
    """The pictures by their indices; none may come twice."""
    found = [(event.index, event.picture.rgb) for event in events if isinstance(event, PictureRendered)]
    assert sorted(index for index, _ in found) == list(range(COUNT))
    return dict(found)


def notices(events: list[Event]) -> list[str]:
    return [event.sentence for event in events if isinstance(event, RendererNoticed)]


def of_one_worker(load: LoadModel, job: RenderJob, program: tuple[str, ...] = (FAKE_WORKER,)) -> dict[int, bytes]:
    with one_worker(program) as watched:
        watched.renderer.load(load)
        watched.renderer.render(job)
        return pictures(watched.until(JobDone))


@contextmanager
def one_worker(program: tuple[str, ...]) -> Iterator[Watched]:
    watched = Watched(program=program)
    try:
        yield watched
    finally:
        watched.renderer.close()


def both_work(nodes: RayNodes, watched: Watched) -> None:
    """Wait until both nodes have a worker with the model."""
    assert comes_true(lambda: len(nodes.workers()) == 2)
    time.sleep(0.5)
    while not watched.events.empty():
        watched.events.get()


def test_two_nodes_render_what_one_worker_renders(
    nodes: RayNodes,
    connect: Callable[..., Watched],
    expected: dict[int, bytes],
    capfd: pytest.CaptureFixture[str],
) -> None:
    watched = connect()
    both_work(nodes, watched)
    watched.renderer.render(grid())
    events = watched.until(JobDone)
    assert pictures(events) == expected
    assert {event.index for event in events if isinstance(event, PreviewRendered)} == set(range(COUNT))
    status = status_of(cluster_at(nodes))
    assert status.address == nodes.address
    assert status.nodes == tuple(
        NodeStatus(name=name, address="127.0.0.1", gpus=0, cpus=cpus)
        for name, cpus in (("a", 1), ("b", 1), ("head", 0))
    )
    assert status.workers == tuple(
        WorkerStatus(node=name, devices="", model="embedded", version=__version__) for name in ("a", "b")
    )
    assert capfd.readouterr() == ("", ""), "Ray prints nothing where the app draws"


def test_an_actor_that_is_killed_gives_its_pictures_back(
    nodes: RayNodes, connect: Callable[..., Watched], expected: dict[int, bytes]
) -> None:
    watched = connect()
    both_work(nodes, watched)
    watched.renderer.render(grid())
    events = watched.until(PictureRendered)
    nodes.actors()[0].kill()
    events += watched.until((JobDone, JobFailed))
    assert pictures(events) == expected
    assert notices(events)[:1] in ([f"a cpu: {ENDED}"], [f"b cpu: {ENDED}"])


def test_a_worker_that_is_killed_in_its_actor_gives_its_pictures_back(
    nodes: RayNodes, connect: Callable[..., Watched], expected: dict[int, bytes]
) -> None:
    watched = connect()
    both_work(nodes, watched)
    watched.renderer.render(grid())
    events = watched.until(PictureRendered)
    nodes.workers()[0].kill()
    events += watched.until((JobDone, JobFailed))
    assert pictures(events) == expected
    (killed, *_) = notices(events)
    assert killed.partition(": ")[2] == (
        "the rendering process was killed, probably because the system ran out of memory; it starts again with the "
        "next picture"
    )


def test_nodes_join_and_are_killed_in_mid_grid(
    nodes: RayNodes, connect: Callable[..., Watched], expected: dict[int, bytes]
) -> None:
    watched = connect()
    both_work(nodes, watched)
    watched.renderer.render(replace(grid(), job=7, tasks=job_of(7, count=200).tasks))
    nodes.add("c")
    joined = watched.until(RendererNoticed)
    assert notices(joined) == ["c cpu renders too from now on"]
    watched.renderer.cancel(7)
    watched.renderer.render(grid())
    events: list[Event] = []
    while not any(isinstance(event, PictureRendered) and event.job == 1 for event in events):
        events += watched.until(PictureRendered)
    nodes.kill("c")
    while not (isinstance(events[-1], JobDone | JobFailed) and events[-1].job == 1):
        events += watched.until((JobDone, JobFailed))
    arrived = [event for event in events if not isinstance(event, PictureRendered) or event.job == 1]
    assert pictures(arrived) == expected
    left = "c cpu: its node has left the Ray cluster"
    while left not in notices(events):
        events += watched.until(RendererNoticed)


def test_a_model_that_no_node_has_is_refused_and_each_node_named(
    nodes: RayNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_folder(tmp_path / "lakes")
    monkeypatch.chdir(tmp_path)  # the path leads to the model here, and nowhere in the folders of the nodes
    choice = replace(resolve_model("lakes"), path="lakes")
    with one_worker(program_of(cluster_at(nodes), worker=SLOW)) as watched:
        watched.renderer.load(replace(LOAD, model=choice))
        failed = watched.until((ModelReady, JobFailed))[-1]
    assert isinstance(failed, JobFailed)
    assert (failed.job, failed.failure) == (LOADING, Failure.MODEL)
    assert failed.sentence == "; ".join(
        f"{name} cpu: the model 'lakes' is not known on the node {name}: copy its files there, to the same path or "
        "into a folder of models that warmer searches"
        for name in ("a", "b")
    )


@pytest.mark.torch
def test_the_embedded_model_gives_the_bits_of_one_worker_while_an_actor_is_killed(
    nodes: RayNodes, connect: Callable[..., Watched]
) -> None:
    load = replace(LOAD, model=resolve_model(EMBEDDED), micro_batch=2)
    load = replace(load, settings=replace(load.settings, width=64, height=64))
    job = replace(grid(), settings=load.settings)
    watched = connect(worker=(), load=load)
    watched.renderer.render(job)
    events = watched.until(PictureRendered)
    nodes.actors()[0].kill()
    events += watched.until((JobDone, JobFailed))
    assert pictures(events) == of_one_worker(load, job, program=())


def test_each_gpu_gets_a_worker_and_the_processors_none(nodes: RayNodes, connect: Callable[..., Watched]) -> None:
    nodes.add("g", cpus=6, gpus=2)  # as it stays known for a moment after it was killed, nothing renders after this
    try:
        watched = connect()
        both_work(nodes, watched)
        threads = [process.environ()["OMP_NUM_THREADS"] for process in nodes.workers()]
        workers = status_of(cluster_at(nodes)).workers
        watched.renderer.close()
    finally:
        nodes.kill("g")
    assert [(worker.node, worker.devices) for worker in workers] == [("g", "0"), ("g", "1")]
    assert threads == ["3", "3"]


def test_a_wrong_token_is_refused(nodes: RayNodes, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("the token of a different cluster")
    with pytest.raises(RenderError) as caught:
        status_of(cluster_at(nodes, str(tmp_path / "token")))
    assert str(caught.value) == (
        f"the Ray cluster at {nodes.address} does not accept the token of this machine: copy the token of its head "
        "node to this machine, and set RAY_AUTH_TOKEN_PATH to the file"
    )


def test_a_cluster_without_tokens_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a token that nobody asks for")
    with (
        ray_nodes(token="") as nodes,
        one_worker(program_of(cluster_at(nodes, str(tmp_path / "token")), worker=SLOW)) as watched,
    ):
        watched.renderer.load(EMBEDDED_LOAD)
        failed = watched.until((ModelReady, JobFailed))[-1]
    assert failed == JobFailed(
        job=LOADING,
        failure=Failure.CRASH,
        sentence=f"the Ray cluster at {nodes.address} is used without tokens, so that whoever reaches it can run "
        "programs on its machines: start it again with RAY_AUTH_MODE=token on all of them",
    )


def test_the_cluster_of_this_machine_starts_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    started = warmer_ray("up", "--json")
    try:
        head = running_head()
        assert head is not None
        assert json.loads(started.stdout) == {"address": head.address}
        assert started.stderr.splitlines() == [
            "starting Ray on this machine, which takes some seconds",
            "the Ray cluster of this machine is ready: use it by --ray auto, stop it by warmer ray down",
        ]
        assert head.address.startswith("127.0.0.1:")
        assert Path(head.token_path).stat().st_mode & 0o777 == 0o600
        assert Path(head.folder).stat().st_mode & 0o777 == 0o700
        assert listening_beyond_loopback(head.pid) == []
        (status,) = map(json.loads, warmer_ray("status", "--json").stdout.splitlines())
        assert (status["address"], status["tokens"], status["workers"]) == (head.address, True, [])
        assert [(node["address"], node["cpus"]) for node in status["nodes"]] == [("127.0.0.1", os.cpu_count())]
    finally:
        stopped = warmer_ray("down")
    assert (stopped.stdout, stopped.stderr) == ("", "the Ray cluster of this machine is stopped\n")
    assert running_head() is None
    assert not Path(head.folder).exists()


def warmer_ray(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "tui", "ray", *words], env=environment, capture_output=True, text=True, check=True
    )


def listening_beyond_loopback(pid: int) -> list[str]:
    """The addresses at which a process and its descendants wait for connections from other machines."""
    import psutil

    head = psutil.Process(pid)
    connections = [each for one in (head, *head.children(recursive=True)) for each in one.net_connections("inet")]
    addresses = {each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN}
    return sorted(addresses - {"127.0.0.1", "::ffff:127.0.0.1"})
