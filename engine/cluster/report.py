"""Prints what a Ray cluster consists of as one line of JSON, the last one.

Started by `engine.cluster.status` as `python -m engine.cluster.report HOST:PORT`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from engine.cluster.actor import ActorFacts
from engine.cluster.member import NAMESPACE
from engine.cluster.places import nodes_of

_SECONDS = 5.0
"""How long a worker may take to answer; one that waits for its GPU does not."""


def main(address: str) -> None:
    """Connect, ask, and print."""
    import ray

    ray.init(address=address, namespace=NAMESPACE, log_to_driver=False, logging_level="ERROR")
    nodes = [
        {"name": node.name, "address": node.address, "gpus": node.gpus, "cpus": node.cpus}
        for node in nodes_of(ray.nodes())
    ]
    workers = [
        {"node": facts.node, "devices": facts.devices, "model": facts.model, "version": facts.version}
        for facts in sorted(_workers(), key=lambda facts: (facts.node, facts.devices))
    ]
    print(json.dumps({"nodes": nodes, "workers": workers}))  # noqa: T201 (read by `engine.cluster.status`)
    ray.shutdown()


def _workers() -> Iterator[ActorFacts]:
    import ray

    named = ray.util.list_named_actors(all_namespaces=True)
    names = [entry["name"] for entry in named if entry["namespace"] == NAMESPACE]
    asked = []
    for name in names:
        try:
            asked.append(ray.get_actor(name, namespace=NAMESPACE).facts.remote())
        except ValueError:
            continue  # it has just ended
    ready, _ = ray.wait(asked, num_returns=len(asked), timeout=_SECONDS) if asked else ([], [])
    for answer in ready:
        try:
            yield ray.get(answer)
        except ray.exceptions.RayError:
            continue


if __name__ == "__main__":
    main(sys.argv[1])
