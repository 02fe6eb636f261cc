"""Helpers of the canary tests, which check what the seams of engine/diffusion/seams assume about other libraries."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import diffusers

PIPELINES = (
    "AuraFlowPipeline",
    "BriaPipeline",
    "BriaFiboPipeline",
    "ChromaPipeline",
    "CogView3PlusPipeline",
    "CogView4Pipeline",
    "ErnieImagePipeline",
    "FluxPipeline",
    "Flux2Pipeline",
    "Flux2KleinPipeline",
    "HiDreamImagePipeline",
    "HunyuanDiTPipeline",
    "HunyuanImagePipeline",
    "IFPipeline",
    "Ideogram4Pipeline",
    "Kandinsky3Pipeline",
    "Kandinsky5T2IPipeline",
    "KolorsPipeline",
    "Krea2Pipeline",
    "LatentConsistencyModelPipeline",
    "LongCatImagePipeline",
    "LuminaPipeline",
    "Lumina2Pipeline",
    "OvisImagePipeline",
    "PRXPipeline",
    "PRXPixelPipeline",
    "PixArtAlphaPipeline",
    "PixArtSigmaPipeline",
    "QwenImagePipeline",
    "QwenImage21Pipeline",
    "SanaPipeline",
    "SanaSprintPipeline",
    "StableDiffusionPipeline",
    "StableDiffusion3Pipeline",
    "StableDiffusionXLPipeline",
    "StableDiffusionXLPAGPipeline",
    "ZImagePipeline",
)
"""The classes of all tiny families: test_families.py checks that none is missing."""


def broken(seam: str, assumption: str, *, library: str = "diffusers") -> str:
    """Return the message of a canary test that fails.

    Args:
        seam: The name of the seam's file, without its suffix.
        assumption: What no longer holds, as a clause.
        library: The distribution that changed.
    """
    return (
        f"in {library} {version(library)} an assumption of engine/diffusion/seams/{seam}.py no longer holds: "
        f"{assumption}. Change this seam first: other tests may fail for the same reason."
    )


def pipeline_class(name: str) -> Any:
    """Return a pipeline class of diffusers by its name."""
    return getattr(diffusers, name)


def calls_in(function: Callable[..., Any], callee: str) -> list[ast.Call]:
    """Return the calls of `callee` ("self.scheduler.step") in the source of a function, in the order of the source."""
    source = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    calls = [node for node in ast.walk(source) if isinstance(node, ast.Call) and ast.unparse(node.func) == callee]
    return sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def argument(call: ast.Call, name: str, position: int) -> str:
    """Return the source of an argument of a call, given by its name or at its position; "" without it."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return ast.unparse(keyword.value)
    return ast.unparse(call.args[position]) if len(call.args) > position else ""
