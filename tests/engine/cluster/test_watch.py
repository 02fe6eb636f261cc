"""The members of a pool follow the nodes of a cluster."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from engine.cluster.places import Place
from engine.cluster.watch import NodeWatch
from engine.fake import FakeRenderer
from engine.rendering.renderer import Renderer
from engine.worker.pool.renderer import PoolRenderer
from tests.engine.cluster.test_places import row
from tests.support.engine.workers import comes_true


class NotedPool(PoolRenderer):
    """A pool that notes who joins and leaves."""

    def __init__(self) -> None:
        super().__init__()
        self.news: list[str] = []

    def add(self, name: str, member: Renderer, device: str = "auto") -> None:  # noqa: ARG002
        self.news.append(f"+ {name}")

    def remove(self, name: str, sentence: str) -> None:
        self.news.append(f"- {name}: {sentence}")


@dataclass
class FakeCluster:
    rows: list[dict[str, object]] = field(default_factory=list)
    is_lost: threading.Event = field(default_factory=threading.Event)
    notices: list[str] = field(default_factory=list)
    looks: int = 0
    fails: bool = False

    def nodes(self) -> list[dict[str, object]]:
        self.looks += 1
        if self.fails:
            raise ConnectionRefusedError
        return self.rows

    def watch(self, pool: PoolRenderer, *, on_cpu: bool = False) -> NodeWatch:
        return NodeWatch(
            pool,
            member_at,
            self.nodes,
            notice=self.notices.append,
            on_lost=self.is_lost.set,
            on_cpu=on_cpu,
            seconds=0.001,
        )


def member_at(place: Place) -> Renderer:  # noqa: ARG001
    return FakeRenderer()


def test_nodes_that_join_and_leave() -> None:
    pool, cluster = NotedPool(), FakeCluster()
    watch = cluster.watch(pool)
    watch.look()
    watch.look()
    assert pool.news == []
    assert cluster.notices == [
        "the Ray cluster has no node with a GPU or a processor core to render with; rendering begins when one joins"
    ]
    cluster.rows = [row("a", CPU=1.0), row("b", CPU=1.0)]
    watch.look()
    watch.look()
    assert pool.news == ["+ a cpu", "+ b cpu"]
    assert len(cluster.notices) == 1
    cluster.rows = [row("b", CPU=1.0), row("c", CPU=1.0), row("a", alive=False)]
    watch.look()
    assert pool.news[2:] == ["- a cpu: its node has left the Ray cluster", "+ c cpu"]


def test_nodes_that_share_a_name_are_told_apart_for_as_long_as_they_stay() -> None:
    pool, cluster = NotedPool(), FakeCluster()
    watch = cluster.watch(pool)
    first, second = {**row("a", CPU=1.0), "NodeID": "1"}, {**row("a", CPU=1.0), "NodeID": "2"}
    cluster.rows = [first, second]
    watch.look()
    cluster.rows = [second]
    watch.look()
    cluster.rows = [second, {**first, "NodeID": "3"}]
    watch.look()
    assert pool.news == ["+ a cpu", "+ a cpu (2)", "- a cpu: its node has left the Ray cluster", "+ a cpu"]


def test_processors_instead_of_gpus() -> None:
    pool, cluster = NotedPool(), FakeCluster(rows=[row("a", CPU=4.0, GPU=2.0)])
    cluster.watch(pool, on_cpu=True).look()
    assert pool.news == ["+ a cpu"]


def test_a_cluster_that_does_not_answer_for_a_moment_is_kept_and_one_that_is_silent_is_given_up() -> None:
    pool, cluster = NotedPool(), FakeCluster(rows=[row("a", CPU=1.0)])
    watch = cluster.watch(pool)
    watch.start()
    assert comes_true(lambda: pool.news == ["+ a cpu"])
    assert not cluster.is_lost.is_set()
    cluster.fails = True
    assert cluster.is_lost.wait(60)
    looks = cluster.looks
    watch.stop()
    assert cluster.looks == looks, "nobody looks any more"


def test_it_stops_when_it_is_told_to() -> None:
    cluster = FakeCluster()
    watch = cluster.watch(NotedPool())
    watch.start()
    assert comes_true(lambda: cluster.looks > 2)
    watch.stop()
    assert "ray nodes" not in [thread.name for thread in threading.enumerate()]
    assert not cluster.is_lost.is_set()
