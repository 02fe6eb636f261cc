"""Prompts that no person types: deep brackets, megabytes, thousands of tags, weights beyond numbers."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from tests.campaigns.models.odd_values import odd_name

_PIECES = (
    "(", ")", "[", "]", "((", "))", ":", ":1.2)", ":1e999)", ":nan)", ":-99999999999)", "<lora:", "<lora:ink:0.8>",
    "<lora:a:b:c>", "<lora:ink:te=1:unet=>", ">", "<", "BREAK", " AND ", "embedding:", "embedding:x", "\\(", "\\",
    "{a|b}", "__wild__", "1.3::x::", "\uff08x\uff1a1.2\uff09", "{{", "}}", "a", " ", ",", "\n", "+", "1", ".",
    "(x)1.3", "(x)++", "<lyco:x:1>", "<hypernet:y:2>",
)  # fmt: skip


def make_prompt(prepared: Path, draw: Random, folder: Path) -> str:  # noqa: ARG001 (all targets are called alike)
    """Write a prompt, a negative one and a style."""
    size = draw.choice((1, 10, 100, 1000, 20_000, 50_000))
    pieces = draw.sample(_PIECES, draw.randint(1, 5)) if draw.random() < 0.7 else list(_PIECES)
    pieces += [odd_name(draw)] if draw.random() < 0.1 else []
    if draw.random() < 0.3:
        prompt = "".join(piece * size for piece in pieces)
    else:
        prompt = "".join(draw.choice(pieces) for _ in range(size))
    prompt = prompt[: draw.choice((100_000, 200_000))]
    style = draw.choice(("a1111", "comfyui", "plain"))
    (folder / "prompt.json").write_text(json.dumps({"prompt": prompt, "style": style}))
    return f"{style} {len(prompt)} of {''.join(pieces)[:60]!r}"


def load_prompt(folder: Path) -> None:
    """Read a prompt as the command line does, with the library of this user, which is empty."""
    from engine.options import Options
    from engine.target import target_for_prompt

    found = json.loads((folder / "prompt.json").read_text())
    options = Options(prompt_style=found["style"], negative_prompt=found["prompt"][::-1])
    target = target_for_prompt(options, found["prompt"])
    assert len(target.notice) < 5_000
