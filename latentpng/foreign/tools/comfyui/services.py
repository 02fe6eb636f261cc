"""Recognise the nodes that ask a service on the network for a picture: how it draws its noise is not published."""

from __future__ import annotations

import re

from latentpng.foreign.tools.comfyui.graph import Budget, Graph, Node
from latentpng.foreign.tools.comfyui.layouts import SIDES
from latentpng.foreign.tools.comfyui.texts import text_of
from latentpng.foreign.tools.comfyui.values import word_of

_SERVICES: tuple[tuple[str, str], ...] = (
    ("OpenAI", r"^openai|gpt[-_ ]?image|dall[-_ ]?e|sora2?(?![a-z])"),
    ("Google", r"^google|gemini|nano[-_ ]?banana|imagen[-_ ]?\d|^veo|vertex"),
    ("Black Forest Labs", r"^bfl|^flux.*(pro(?!mpt|c)|max|ultra|flex)|^flux.*(fal|replicate)|kontext(pro|max)"),
    ("Ideogram", r"ideogram"),
    ("Kling", r"^kling"),
    ("Luma", r"^luma"),
    ("Recraft", r"^recraft"),
    ("Stability AI", r"^stability(?!.*matrix)|stable ?image ?(ultra|core)|^sd3.*api|^dreamstudio"),
    ("ByteDance", r"^bytedance|seedream|seedance|seededit|^doubao"),
    ("Runway", r"^runway"),
    ("MiniMax", r"^minimax|hailuo"),
    ("Midjourney", r"midjourney"),
    ("Leonardo", r"leonardo"),
    ("Freepik", r"freepik|magnific"),
    ("xAI", r"^grok|^xai"),
    ("Pika", r"^pika"),
    ("PixVerse", r"^pixverse"),
    ("Moonvalley", r"^moonvalley"),
    ("Vidu", r"^vidu"),
    ("Wan", r"^wan.*api$"),
    ("Lightricks", r"^ltxv.*api"),
    ("Topaz", r"^topaz"),
    ("Bria", r"^bria(?!.*rmbg)"),
    ("Reve", r"^reve"),
    ("Tencent", r"^tencent|^hunyuan.*api"),
    ("Alibaba", r"^dashscope|^qwen.*api|^tongyi"),
    ("fal.ai", r"[-_ ]fal$|^fal[-_ ]|\(fal\)"),
    ("Replicate", r"^replicate"),
    ("Together", r"^together"),
    ("Runware", r"^runware"),
)
"""(a name, what the kinds of its nodes look like, in lower case)."""
_FORMS = tuple((name, re.compile(form)) for name, form in _SERVICES)
_API = re.compile(r"(?<![a-z])api(?![a-z])|api ?node$|Api$|API$")
_TEXTS_ONLY = re.compile(r"chat|config|options|settings|caption|describe|llm")
_LOCAL = frozenset({"model", "clip", "vae", "guider", "unet", "pipe", "control_net", "transformer"})
_PROMPTS = (
    "prompt",
    "text",
    "prompt_text",
    "positive_prompt",
    "positive",
    "text_prompt",
    "instruction",
    "image_prompt",
)
_NEGATIVES = ("negative_prompt", "negative", "negative_text")
_MODELS = ("model", "model_name", "model_id", "model_version", "version")
_ANSWERS = ("prompt", "image", "images", "size", "aspect_ratio")
_ASKED = frozenset({*_PROMPTS, *_ANSWERS})
_MAX_KIND = 80  # characters


def service_of(node: Node) -> str:
    """Return the name of the service that a node asks for a picture; "" for a node that works on this machine."""
    kind = node.kind[:_MAX_KIND]
    if not node.linked.isdisjoint(_LOCAL):
        return ""
    if node.inputs.keys().isdisjoint(_ASKED) or _TEXTS_ONLY.search(kind.casefold()):
        return ""
    named = next((name for name, form in _FORMS if form.search(kind.casefold())), "")
    return named or (kind if _API.search(kind) else "")


def is_asked(node: Node) -> bool:
    """Return True for a node that asks a service for a picture in words; False for one that changes a picture."""
    return bool(service_of(node)) and any(node.inputs.get(name) for name in _PROMPTS)


def asked_prompt(graph: Graph, node: Node) -> tuple[str, str]:
    """Return the text that a service was asked for, and the text of what it was asked to leave out."""
    values = (
        next((node.inputs[name] for name in names if node.inputs.get(name)), None) for names in (_PROMPTS, _NEGATIVES)
    )
    asked, avoided = (text_of(graph, value, Budget(), side) for value, side in zip(values, SIDES, strict=True))
    return asked, avoided


def asked_model(graph: Graph, node: Node) -> str:
    """Return the name of the model that a service was asked to use."""
    return word_of(graph, node, *_MODELS)
