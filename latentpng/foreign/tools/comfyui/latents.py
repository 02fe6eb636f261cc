"""Say what kind of latents a sampler started from: how many channels, of a picture or not, empty or not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice, takewhile

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.values import number_of

MAX_NODES = 256  # nodes between a sampler and the one that made its latents
_CHANNELS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"flux[ ._-]?2|klein"), 128),
    (re.compile(r"sd ?3|stable ?diffusion ?3|flux|qwen|hidream|chroma|lumina|z[ _-]?image|aura|16 ?ch|cosmos"), 16),
    (re.compile(r"hunyuan.*video(?!1)|hyvideo|wan"), 16),
)
"""(what is in the kind of an empty latent, its channels); kinds that fit the model by themselves are not listed."""
_OTHER: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"cascade"), "the latents of Stable Cascade have a shape that is not known here"),
    (re.compile(r"audio|acestep|ace_step|music|song"), "it is the noise of a sound"),
    (re.compile(r"3d|mesh|trellis|voxel"), "it is the noise of a three-dimensional shape"),
    (re.compile(r"radiance|hidream ?o1|pixel ?space"), "the model draws its noise over pixels, not over latents"),
    (re.compile(r"layered"), "it is the noise of several layers"),
    (re.compile(r"hunyuan ?image(?!.*video)"), "the latents of Hunyuan Image have a shape that is not known here"),
    (re.compile(r"mochi|ltxv?|animate|img2vid|tovideo|to_video|video ?1[._]?5|wan22"), "it is the noise of a video"),
)
"""(what is in the kind of a node, why its latents are no plain latents of a picture)."""
_LENGTHS = ("length", "num_frames", "frames", "video_length", "frame_count", "video_frames")
_ENCODES = re.compile(r"vae ?_?encode|loadlatent|load latent|img2latent|imagetolatent|image to latent|noisylatent")
_INPAINTS = re.compile(r"inpaint|outpaint|noisemask|noise mask|brushnet|powerpaint|differentialdiffusion")
_LOADS = re.compile(r"load ?image|image ?load|loadlatent|load latent|image ?receiver|clipboard")
_EMPTY = "empty"
_EMPTIES = re.compile(r"instruct ?pix ?to ?pix")
"""Kinds that give empty latents of the size of a picture, which only conditions the model."""


def channels_of(latent: Node, graph: Graph) -> int:
    """Return the number of channels of an empty latent; 0 when it follows the model or is not known."""
    kind = latent.kind.casefold()
    if _EMPTY not in kind or other_than_picture(graph, [latent]):
        return 0
    return next((channels for form, channels in _CHANNELS if form.search(kind)), 0)


def other_than_picture(graph: Graph, nodes: Iterable[Node]) -> str:
    """Return why noise over these latents is not the noise of one picture, as a clause; "" when it is.

    Args:
        graph: The graph of the picture.
        nodes: The nodes between the sampler and the one that made its latents, and this one.
    """
    for node in islice(nodes, MAX_NODES):
        kind = node.kind.casefold()
        is_still = loose.count(number_of(graph, node, *_LENGTHS)) == 1
        reason = next((reason for form, reason in _OTHER if form.search(kind)), "")
        if reason and _makes_latents(node):
            return reason
        if loose.count(number_of(graph, node, *_LENGTHS)) > 1 or ("video" in kind and not is_still):
            return "it is the noise of a video" if _makes_latents(node) else ""
    return ""


def start_of(before: Iterable[Node]) -> tuple[str, str]:
    """Return how a picture lies under the noise, "img2img" or "inpaint", and the kind of the node that brings it in.

    Args:
        before: The nodes that a sampler's latents come from, the nearest first.

    Returns:
        Two empty texts when the noise was drawn over empty latents.
    """
    nodes = list(takewhile(lambda node: not _EMPTIES.search(node.kind.casefold()), islice(before, MAX_NODES)))
    brings = next((node for node in nodes if _brings_picture(node)), None)
    if brings is None:
        return "", ""
    is_inpainted = any(_INPAINTS.search(node.kind.casefold()) for node in nodes)
    return ("inpaint" if is_inpainted else "img2img"), brings.kind


def _brings_picture(node: Node) -> bool:
    kind = node.kind.casefold()
    if _EMPTY in kind:
        return False
    has_pixels = any(len(loose.items(node.inputs.get(name))) == 2 for name in ("pixels", "image_to_latent"))
    return has_pixels or any(form.search(kind) for form in (_ENCODES, _LOADS))


def _makes_latents(node: Node) -> bool:
    """Return False for loaders and readers of pictures, whose kind says nothing about latents."""
    return not _LOADS.search(node.kind.casefold())
