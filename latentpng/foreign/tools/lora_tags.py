"""The tags by which prompts name LoRA files: `<lora:name:0.8>`, with further parts that only some tools have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from latentpng.foreign.tools import loose

MAX_TAGS = 64
_TAG = re.compile(r"<(?:lora|lyco):([^<>:]{1,200})(?::([^<>]{0,80}))?>", re.IGNORECASE)


def tags_in(text: str, *, unet_first: bool = False) -> Iterator[tuple[str, float | None]]:
    """Yield name and weight of each tag, 1 where it has none.

    There may be a weight for the text encoder and one for the U-Net, which is yielded then.

    Args:
        text: A prompt.
        unet_first: Of two numbers the first is that of the U-Net, as in SwarmUI and the nodes of ComfyUI; in A1111 it
            is the second.  The words `te=` and `unet=` may stand instead.
    """
    for match in islice(_TAG.finditer(text), MAX_TAGS):
        parts = [] if match[2] is None else match[2].split(":")
        named = dict(part.split("=", 1) for part in parts if "=" in part)
        plain = [part for part in parts if "=" not in part]
        second = "" if unet_first else "".join(plain[1:2])
        weight = named.get("unet") or second or "".join(plain[:1]) or named.get("te", "")
        yield match[1], loose.real(weight) if weight else None if parts else 1.0


def split_weights(text: str, *, unet_first: bool = False) -> Iterator[tuple[str, str]]:
    """Yield each tag that has more than one weight, and the one weight that `tags_in` yields of it.

    Args:
        text: A prompt.
        unet_first: As in `tags_in`.
    """
    for match in islice(_TAG.finditer(text), MAX_TAGS):
        if len(set((match[2] or "").split(":"))) > 1:
            _, weight = next(tags_in(match[0], unet_first=unet_first))
            yield match[0], "its name" if weight is None else f"{weight:g}"


def without_tags(text: str) -> str:
    """Return a text without its tags."""
    return _TAG.sub("", text).strip()
