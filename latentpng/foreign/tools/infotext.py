"""The text that Stable Diffusion web UI made common: prompt, negative prompt, and one line of `Name: value` fields.

Only takes it apart: what the fields mean differs between the tools that write it.  Takes time in proportion to the
length of the text, whatever it holds.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice

from latentpng.record import Json

MAX_FIELDS = 256
MAX_LINE = 2**16  # characters of the line of fields; a longer one is none
_NEGATIVE = "Negative prompt:"
_FIRST_FIELD = "Steps: "
_LEAST_FIELDS = 3
_FIELD = re.compile(r'(?:^|,)([^,:"]{1,80}+):[ ]*+("(?:[^"\\]++|\\.)*+"(?= *+(?:,|$))|[^,]*+)')


@dataclass(frozen=True, kw_only=True, slots=True)
class Infotext:
    """fields: by their names, the last of a name counts; values without their quotes."""

    prompt: str
    negative_prompt: str
    fields: dict[str, str]


def parse(text: str) -> Infotext | None:
    """The parts of a text, None when it has no line of fields."""
    text = text.strip()
    steps = f"\n{text}".rfind(f"\n{_FIRST_FIELD}")
    last = steps if steps >= 0 else text.rfind("\n") + 1
    fields = _fields(text[last:].partition("\n")[0])
    if len(fields) < _LEAST_FIELDS:
        return None
    prompts = [line.strip() for line in text[:last].split("\n")[:-1]]
    negative = next((at for at, line in enumerate(prompts) if line.startswith(_NEGATIVE)), len(prompts))
    return Infotext(
        prompt="\n".join(prompts[:negative]),
        negative_prompt="\n".join(prompts[negative:]).removeprefix(_NEGATIVE).strip(),
        fields=fields,
    )


def _fields(line: str) -> dict[str, str]:
    if len(line) > MAX_LINE:
        return {}
    found = islice(_FIELD.finditer(line), MAX_FIELDS)
    return {match[1].strip(): _unquoted(match[2].strip()) for match in found}


def _unquoted(value: str) -> str:
    """A value with commas or colons in it is written as a text of JSON."""
    if value.startswith('"'):
        try:
            text: Json = json.loads(value, strict=False)
        except ValueError:
            return value
        return text.encode("utf-8", "replace").decode() if isinstance(text, str) else value
    return value
