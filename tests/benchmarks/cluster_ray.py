"""Time grids on one and on two Ray actors of one CPU thread each against one plain worker, in paired rounds.

    python -m tests.benchmarks.cluster_ray [REPEATS]

The model is the embedded one, with 8 candidates a grid.  Each variant has a Ray cluster of its own on this machine,
with a node for each actor, and the driver process that the program would have.  The worker alone and one actor render a
grid in one batch of 8, two actors in a batch of 4 each.  In every round each variant renders GRIDS grids, in a shuffled
order, while the others sleep.  The benchmark prints seconds and ratios, what Ray costs for each picture in time and in
processor time, how long the first preview took, and how many colour values differ from those of one worker with the
same slots.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace

from engine.cluster.address import Cluster
from engine.cluster.main import program_of
from engine.cluster.status import status_of
from engine.rendering.renderer import Renderer
from engine.worker.client import WorkerRenderer
from tests.benchmarks.gridtask import COUNT, TASKS, EmbeddedWorker
from tests.benchmarks.paired import Spread, Turn, cpu_seconds, machine_load, ratio, run_paired, seconds_of
from tests.benchmarks.pixels import differing_values
from tests.benchmarks.worker_pool import GRIDS, Variant, by_index
from tests.support.engine.ray_nodes import RayNodes, ray_nodes

PLAIN, ONE, TWO = "one plain worker", "one actor", "two actors"


@dataclass(kw_only=True)
class RayVariant(Variant):
    """A renderer of a cluster, and what its grids showed.

    Attributes:
        nodes: The cluster.
        cpu: Processor seconds that the driver and the actors used in its turns; their workers are not counted.
    """

    nodes: RayNodes
    cpu: float = 0.0

    def turn(self) -> Turn:
        """Render some grids, one after the other."""
        before = self._cpu_seconds()
        turn = super().turn()
        self.cpu += self._cpu_seconds() - before
        return turn

    def _cpu_seconds(self) -> float:
        return cpu_seconds(self.worker.pid) + sum(cpu_seconds(actor.pid) for actor in self.nodes.actors())


def on_ray(stack: ExitStack, count: int) -> RayVariant:
    """Start a cluster with so many actors, and return a renderer of it once all of them have the model."""
    nodes = stack.enter_context(ray_nodes())
    for number in range(count):
        nodes.add(f"node-{number}")
    host, _, port = nodes.address.partition(":")
    cluster = Cluster(host=host, port=int(port), token_path=nodes.token_path)
    worker = opened(stack, WorkerRenderer(program=program_of(cluster)))
    while sum(bool(one.model) for one in status_of(cluster).workers) < count:
        time.sleep(1)
    return RayVariant(worker=worker, nodes=nodes)


def opened(stack: ExitStack, renderer: Renderer) -> EmbeddedWorker:
    """Return a renderer with the embedded model, which the stack closes."""
    stack.callback(renderer.close)
    return EmbeddedWorker(renderer)


def main(repeats: int) -> None:
    """Run all variants in paired rounds, and print the figures."""
    os.environ["OMP_NUM_THREADS"] = "1"
    with ExitStack() as stack:
        on_one, on_two = on_ray(stack, 1), on_ray(stack, 2)
        plain = Variant(worker=opened(stack, WorkerRenderer(threads=1)))
        variants = {PLAIN: plain, ONE: on_one, TWO: on_two}
        turns = run_paired({name: variant.turn for name, variant in variants.items()}, repeats)
        half = COUNT // 2
        slots = tuple(replace(task, slot=(half, task.index % half)) for task in TASKS)
        same_slots = by_index(plain.worker.render(slots))
        load = machine_load()
    print(f"{GRIDS} grids of {COUNT} a turn, {repeats} rounds; {load}")
    print(f"{'':17s} {'seconds a turn':26s} {'throughput, plain = 1':26s} first preview")
    for name, variant in variants.items():
        own, throughput = turns[name], ratio(turns[PLAIN], turns[name])
        print(f"{name:17s} {seconds_of(own)!s:26s} {throughput!s:26s} {variant.first_preview}")
    pairs = zip(turns[ONE], turns[PLAIN], strict=True)
    costs = [1000 * (one.seconds - plain.seconds) / (GRIDS * COUNT) for one, plain in pairs]
    print(f"what Ray costs, milliseconds a picture: {Spread.of(costs)}")
    used = [1000 * variant.cpu / (len(variant.grids) * COUNT) for variant in (on_one, on_two)]
    print(f"processor time of driver and actors, milliseconds a picture: {used[0]:.1f}, {used[1]:.1f}")
    print(f"pixels, one actor / plain: {differing_values(turns[ONE][0].pixels, turns[PLAIN][0].pixels)}")
    print(f"pixels, two actors / plain with the same slots: {differing_values(turns[TWO][0].pixels, same_slots)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
