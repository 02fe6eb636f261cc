"""Tags in a prompt: `<lora:name:0.8>` and its kin, which A1111 takes out of the prompt before it reads the words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.prompts.spans import number_in

_TAG = re.compile(r"<(\w+):([^<>]+)>")
_LORAS = ("lora", "lyco")
"""A1111 loads both alike."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """A tag in a prompt.

    Attributes:
        text: The tag as it is written.
        kind: Its first word in lower case: "lora", "lyco", "hypernet".
        name: What it names.
        weights: Its numbers in their order; () when it has none, None when one of them is not a number.
    """

    text: str
    kind: str
    name: str
    weights: tuple[float, ...] | None = ()

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


def _tag(match: re.Match[str]) -> Tag:
    name, *numbers = (part.strip() for part in match[2].split(":"))
    weights = tuple(number_in(number) for number in numbers)
    known = tuple(weight for weight in weights if weight is not None)
    return Tag(text=match[0], kind=match[1].lower(), name=name, weights=known if len(known) == len(weights) else None)
