"""Tags in a prompt: `<lora:name:0.8>` and its kin, which A1111 takes out of the prompt before it reads the words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.prompts.spans import number_in

_TAG = re.compile(r"<(\w+):([^<>]+)>")
_UNCLOSED = re.compile(r"<(?:lora|lyco|hypernet):[^<>\n]{0,60}(?=[<\n]|$)", re.IGNORECASE)
_NAMED = re.compile(r"(te|unet)\s*=(.*)", re.IGNORECASE)
_LORAS = ("lora", "lyco")
"""A1111 loads both alike."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """A tag in a prompt.

    Attributes:
        text: The tag as it is written.
        kind: Its first word in lower case: "lora", "lyco", "hypernet".
        name: What it names.
        weights: For the text encoder and for the denoiser, or one for both; () when it has none, None when one of them
            is not a number.
        others: What else it says, as it is written: weights of single blocks, steps ("lbw=OUTALL", "stop=20").
    """

    text: str
    kind: str
    name: str
    weights: tuple[float, ...] | None = ()
    others: tuple[str, ...] = ()

    @property
    def is_lora(self) -> bool:
        """True for a tag that loads a LoRA."""
        return self.kind in _LORAS


def find_tags(prompt: str) -> tuple[Tag, ...]:
    """Return the tags of a prompt, in their order."""
    return tuple(_tag(match) for match in _TAG.finditer(prompt))


def without_tags(prompt: str, tags: tuple[Tag, ...]) -> str:
    """Return a prompt without these tags, and without spaces at its ends if one was taken out."""
    for tag in tags:
        prompt = prompt.replace(tag.text, "")
    return prompt.strip() if tags else prompt


def unclosed_tag(prompt: str) -> str:
    """Return the beginning of a tag that is never closed; "" without one."""
    match = _UNCLOSED.search(prompt)
    return match[0].strip() if match else ""


# A1111 takes both weights by their order (<lora:ink:0.8:0.5>) or by name (<lora:ink:te=0.8:unet=0.5>), and leaves what
# it does not know to its extensions.
def _tag(match: re.Match[str]) -> Tag:
    name, *parts = (part.strip() for part in match[2].split(":"))
    in_order, named, others = list[str](), dict[str, str](), list[str]()
    for part in parts:
        if by_name := _NAMED.fullmatch(part):
            named[by_name[1].lower()] = by_name[2]
        elif "=" in part or len(in_order) == 2 or (in_order and number_in(part) is None):
            others.append(part)
        else:
            in_order.append(part)
    first, second = named.get("te", *in_order[:1] or ["1"]), named.get("unet", *in_order[1:] or [""])
    written = [first, second] if second else [first] if in_order or named else []
    weights = tuple(weight for weight in map(number_in, written) if weight is not None)
    return Tag(
        text=match[0],
        kind=match[1].lower(),
        name=name,
        weights=weights if len(weights) == len(written) else None,
        others=tuple(others),
    )
