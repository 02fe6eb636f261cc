"""Graphs of ComfyUI with very many nodes: chains, circles, webs, and groups inside of groups."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from tests.campaigns.files.seeds import COMFY
from tests.campaigns.files.tools import with_texts

_COMFY: dict[str, Any] = COMFY
_KINDS = tuple(str(node["class_type"]) for node in _COMFY.values())
_INPUTS = tuple(name for node in _COMFY.values() for name in node["inputs"])
_MOST_NODES = 20_000
_LINKS = (
    ("LoraLoader", "model"),
    ("ConditioningCombine", "conditioning_1"),
    ("Reroute", ""),
    ("VAEEncode", "pixels"),
    ("KSampler", "latent_image"),
    ("easy pipeIn", "pipe"),
)
"""Kinds of nodes that hang one on the other, and the input that joins them."""


def chain(random: Random, count: int) -> bytes:
    """Return a graph whose nodes hang one on the other; the ends may be joined to a circle."""
    kind, name = random.choice(_LINKS)
    graph = dict(_COMFY)
    for number in range(100, 100 + count):
        inputs = {name: [str(number + 1), 0], "lora_name": str(number), "strength_model": 1}
        graph[str(number)] = {"class_type": kind, "inputs": inputs}
    graph[str(100 + count)] = {"class_type": kind, "inputs": {name: [random.choice(("100", "4")), 0]}}
    joined = random.choice(("model", "positive", "latent_image"))
    graph["3"] = {**_COMFY["3"], "inputs": {**_COMFY["3"]["inputs"], joined: ["100", 0]}}
    return with_texts({"prompt": json.dumps(graph)})


def web(random: Random, count: int) -> bytes:
    """Return a graph whose nodes are joined at random, many of them samplers and outputs."""
    kinds = (*_KINDS, "LoraLoader", "ConditioningConcat", "Switch any [Crystools]", "PrimitiveNode")
    graph: dict[str, Any] = {}
    for number in range(min(count, _MOST_NODES)):
        inputs: dict[str, Any] = {
            random.choice(_INPUTS): [str(random.randrange(count)), random.randrange(3)] for _ in range(4)
        }
        graph[str(number)] = {"class_type": random.choice(kinds), "inputs": {**inputs, "seed": number, "text": "a"}}
    return with_texts({"prompt": json.dumps(graph)})


def workflow(random: Random, count: int) -> bytes:
    """Return a workflow of the editor with very many nodes and links, and a group that holds itself."""
    count = min(count, _MOST_NODES)
    kinds = (*_KINDS, "Reroute", "SetNode", "GetNode", "workflow/g", "box")
    nodes: list[dict[str, Any]] = [
        {
            "id": number,
            "type": random.choice(kinds),
            "mode": random.choice((0, 0, 2, 4)),
            "inputs": [{"name": "model", "type": "*", "link": random.randrange(count)}],
            "outputs": [{"type": "*", "links": [number]}],
            "widgets_values": ["a", number, "euler"],
        }
        for number in range(count)
    ]
    links = [[number, random.randrange(count), 0, random.randrange(count), 0, "*"] for number in range(count)]
    box = {"id": "box", "nodes": [*nodes[:50], {"id": 99_999, "type": "box"}], "links": links[:50]}
    return with_texts(
        {
            "workflow": json.dumps(
                {
                    "nodes": nodes,
                    "links": links,
                    "definitions": {"subgraphs": [box] * random.choice((1, 3))},
                    "extra": {"groupNodes": {"g": {"nodes": nodes[:5], "links": links[:5]}}},
                }
            )
        }
    )
