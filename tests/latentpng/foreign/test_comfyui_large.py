"""Graphs of ComfyUI with thousands of nodes of one kind: the time grows with the number of nodes, not with its square.

Each graph took seconds when every walk found out again what other walks had found.  The limits here are far above what
a slow machine needs, and far below that.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools.comfyui.subgraphs import MAX_PASSED, flat
from latentpng.record import Json

MOST_SECONDS = 2.0
COUNT = 1800  # nodes of each kind
SAMPLER: dict[str, Json] = {"seed": 5, "steps": 20, "cfg": 7, "sampler_name": "euler", "scheduler": "normal"}


def node(kind: str, **inputs: Json) -> Json:
    """Return a node in the form of the API."""
    return {"class_type": kind, "inputs": inputs}


def sampler(latent: str, model: str = "m0", prompt: str = "p", **more: Json) -> Json:
    """Return a sampler that starts from the latents of another node."""
    links: dict[str, Json] = {"model": [model, 0], "positive": [prompt, 0], "negative": [prompt, 0]}
    inputs: dict[str, Json] = {**SAMPLER, **links, "latent_image": [latent, 0], **more}
    return node("KSampler", **inputs)


def samplers(inputs: Callable[[int], dict[str, Any]]) -> dict[str, Json]:
    """Return a chain of samplers behind each other, the last of which is saved."""
    chain = {f"s{at}": sampler(f"s{at + 1}", **inputs(at)) for at in range(COUNT)}
    return {**chain, "save": node("SaveImage", images=["s0", 0])}


def chained(name: str, kind: str, *links: str, **more: Json) -> dict[str, Json]:
    """Return nodes each of whose links leads to one of the next nodes of the same name."""
    return {
        f"{name}{at}": node(kind, **{link: [f"{name}{at + 1 + hop}", 0] for hop, link in enumerate(links)}, **more)
        for at in range(COUNT)
    }


ENCODER = {"p": node("CLIPTextEncode", text="a red boat", clip=["m0", 1])}
ONE = {"s": sampler("e", model="m0"), "e": node("EmptyLatentImage", width=64, height=64), **ENCODER}
SAVED = {**ONE, "save": node("SaveImage", images=["s", 0])}
CONTEXTS = tuple(f"ctx_0{at}" for at in range(1, 8))
BRANCHES = tuple(f"any_0{at}" for at in range(1, 8))
GRAPHS: dict[str, dict[str, Json]] = {
    "samplers that share a chain of patches": {
        **samplers(lambda at: {"model": f"m{at}"}),
        **chained("m", "ModelPatch", "model"),
        **ENCODER,
    },
    "samplers behind links of reroutes": {
        **samplers(lambda at: {"model": f"r{at}", "prompt": f"r{at}"}),
        **chained("r", "Reroute", ""),
    },
    "numbers behind links of primitives": {
        **samplers(lambda at: {name: [f"r{at}", 0] for name in SAMPLER}),
        **chained("r", "PrimitiveInt", "value"),
    },
    "samplers with contexts that are merged": {
        **samplers(lambda at: {"base_ctx": [f"b{at}", 0]}),
        **chained("b", "Context Merge (rgthree)", *CONTEXTS),
    },
    "switches of switches": {
        **samplers(lambda at: {"model": f"b{at}", "prompt": f"b{at}"}),
        **chained("b", "Any Switch (rgthree)", *BRANCHES),
    },
    "sizes that depend on three other sizes": {
        **SAVED,
        "s": sampler("z0"),
        **chained("z", "LatentUpscale", "samples", "width", "height", "aspect_ratio"),
    },
    "models merged of models": {**SAVED, **chained("m", "ModelMergeSimple", "model1", "model2")},
    "LoRA files whose names come from one long chain": {
        **SAVED,
        **chained("m", "LoraLoader", "model", lora_name=["w0", 0], strength_model=["w0", 0]),
        **chained("w", "PrimitiveString", "value"),
    },
    "pictures that are saved many times": {
        **{f"save{at}": node("SaveImage", images=["i0", 0]) for at in range(COUNT)},
        **chained("i", "ImageBlend", "image1", "image2"),
    },
}


def read(texts: dict[str, Json]) -> tuple[ForeignRecord, float]:
    """Return what is read from the texts of a picture, and the seconds of processor time."""
    written = {keyword: json.dumps(value) for keyword, value in texts.items()}
    began = time.process_time()
    return foreign_from_texts(written), time.process_time() - began


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_large_graphs_are_read_in_time(graph: dict[str, Json]) -> None:
    record, seconds = read({"prompt": graph})
    assert record.tool == "comfyui"
    assert seconds < MOST_SECONDS


def test_the_inputs_of_nested_subgraphs_are_limited_together() -> None:
    inputs: Json = [{"name": f"i{at}"} for at in range(256)]
    boxes: list[Json] = [
        {"id": f"g{depth}", "nodes": [{"id": at, "type": f"g{depth + 1}"} for at in range(8)], "inputs": inputs}
        for depth in range(15)
    ]
    graph: dict[str, Json] = {
        "nodes": [{"id": at, "type": "g0"} for at in range(8)],
        "definitions": {"subgraphs": boxes},
    }
    found = flat(graph)
    assert found.is_cut
    assert sum(len(each.slots) for each in found.nodes.values()) <= MAX_PASSED + 256
    assert read({"workflow": graph})[1] < MOST_SECONDS


def test_a_model_is_found_behind_every_sampler_of_a_shared_chain() -> None:
    graph = {
        "a": node("CheckpointLoaderSimple", ckpt_name="plain.safetensors"),
        "b": node("ModelPatch", model=["a", 0]),
        "s": sampler("t", model="b", denoise=0.4),
        "t": sampler("e", model="b"),
        "e": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        **ENCODER,
        "save": node("SaveImage", images=["s", 0]),
    }
    record, _ = read({"prompt": graph})
    assert (record.model, record.width, record.seed) == ("plain.safetensors", 64, 5)
    assert dict(record.extra)["passes"] == [
        {"kind": "hires", "node": "KSampler", "steps": 20, "cfg": 7, "denoise": 0.4}
    ]
