"""Small graphs in the form of ComfyUI's editor."""

from __future__ import annotations

import json
from collections.abc import Sequence

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json

Ends = tuple[int, int, int, int, str]
FROM_EDITOR = "read from the editor's graph, because there is no API graph"
OTHER_SEED = "the seed in the workflow may not be this picture's"


def given(name: str, kind: str, link: int | None = None, widget: str = "") -> Json:
    """Return an input of a node; with a widget's name, an input in place of a widget."""
    return {"name": name, "type": kind, "link": link, **({"widget": {"name": widget}} if widget else {})}


def editor_node(
    key: Json,
    kind: str,
    inputs: Sequence[Json] = (),
    outputs: Sequence[str] = (),
    values: Json = None,
    mode: int = 0,
    **more: Json,
) -> Json:
    """Return a node of the editor."""
    slots: list[Json] = [{"name": each, "type": each, "links": []} for each in outputs]
    node: dict[str, Json] = {"id": key, "type": kind, "mode": mode, "inputs": list(inputs), "outputs": slots, **more}
    return node if values is None else {**node, "widgets_values": values}


def arrays(links: dict[int, Ends]) -> list[Json]:
    """Return links as version 0.4 stores them."""
    return [[key, *ends] for key, ends in links.items()]


def objects(links: dict[int, Ends]) -> list[Json]:
    """Return links as version 1.0 and subgraphs store them."""
    names = ("origin_id", "origin_slot", "target_id", "target_slot", "type")
    return [{"id": key, **dict(zip(names, ends, strict=True))} for key, ends in links.items()]


def loader(key: int = 4) -> Json:
    return editor_node(key, "CheckpointLoaderSimple", outputs=("MODEL", "CLIP", "VAE"), values=["boats.safetensors"])


def text(key: int, link: int, words: str) -> Json:
    return editor_node(key, "CLIPTextEncode", [given("clip", "CLIP", link)], ["CONDITIONING"], [words])


def latent(key: int = 5) -> Json:
    return editor_node(key, "EmptyLatentImage", outputs=["LATENT"], values=[512, 768, 1])


def sampler(values: Json, kind: str = "KSampler", more: Sequence[Json] = (), key: int = 3) -> Json:
    inputs = [
        given("model", "MODEL", 1),
        given("positive", "CONDITIONING", 4),
        given("negative", "CONDITIONING", 6),
        given("latent_image", "LATENT", 2),
        *more,
    ]
    return editor_node(key, kind, inputs, ["LATENT"], values)


VALUES: list[Json] = [7, "fixed", 20, 7.5, "dpmpp_2m", "karras", 1]
OUTPUT: list[Json] = [
    editor_node(8, "VAEDecode", [given("samples", "LATENT", 7), given("vae", "VAE", 8)], ["IMAGE"]),
    editor_node(9, "SaveImage", [given("images", "IMAGE", 9)], values=["ComfyUI"]),
]
LINKS: dict[int, Ends] = {
    1: (4, 0, 3, 0, "MODEL"),
    2: (5, 0, 3, 3, "LATENT"),
    3: (4, 1, 6, 0, "CLIP"),
    4: (6, 0, 3, 1, "CONDITIONING"),
    5: (4, 1, 7, 0, "CLIP"),
    6: (7, 0, 3, 2, "CONDITIONING"),
    7: (3, 0, 8, 0, "LATENT"),
    8: (4, 2, 8, 1, "VAE"),
    9: (8, 0, 9, 0, "IMAGE"),
}


def nodes(values: Json = None, **changed: Json) -> list[Json]:
    """Return the nodes of a picture of a red boat; `n3=...` replaces the node with this ID, and null removes it."""
    found: dict[str, Json] = {
        "n3": sampler(VALUES if values is None else values),
        "n4": loader(),
        "n5": latent(),
        "n6": text(6, 3, "a red boat"),
        "n7": text(7, 5, "fog"),
        "n8": OUTPUT[0],
        "n9": OUTPUT[1],
        **changed,
    }
    return [each for each in found.values() if each is not None]


def workflow(entries: list[Json], links: dict[int, Ends] | None = None, **more: Json) -> dict[str, Json]:
    """Return the editor's graph."""
    return {"last_node_id": 99, "nodes": entries, "links": arrays({**LINKS, **(links or {})}), "version": 0.4, **more}


def read_workflow(graph: Json) -> ForeignRecord:
    """Read the editor's graph alone."""
    return foreign_from_texts({"workflow": json.dumps(graph)})
