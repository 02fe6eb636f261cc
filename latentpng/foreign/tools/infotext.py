"""Parse the text form of Stable Diffusion web UI: prompt, negative prompt, and one line of `Name: value` fields.

The meaning of the fields differs between the tools that write them, so it is not interpreted here. Parsing takes time
proportional to the length of the text, whatever the text contains.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from latentpng.record import Json

MAX_FIELDS = 256
MAX_LINE = 2**16  # characters of the line of fields; a longer line is ignored
_NEGATIVE = "Negative prompt:"
_FIRST_FIELD = "Steps: "
_MIN_FIELDS = 3
_FIELD = re.compile(r'(?:^|,)([^,:"]{1,80}+):[ ]*+("(?:[^"\\]++|\\.)*+"(?= *+(?:,|$))|[^,]*+)')
_VALUE_END = re.compile(r" *+(?:,|$)")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, kw_only=True, slots=True)
class Infotext:
    """The parts of a web UI text.

    Attributes:
        prompt: The prompt; its lines are joined by line feeds.
        negative_prompt: The negative prompt, in the same form.
        fields: The values by name, without quotes; the last value of a name counts.
    """

    prompt: str
    negative_prompt: str
    fields: dict[str, str]


def parse(text: str) -> Infotext | None:
    """Split a text into its parts.

    Returns:
        The parts; None when the text has no line of fields.
    """
    text = text.strip()
    steps = f"\n{text}".rfind(f"\n{_FIRST_FIELD}")
    last = steps if steps >= 0 else text.rfind("\n") + 1
    fields = _fields(text[last:].partition("\n")[0])
    if len(fields) < _MIN_FIELDS:
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
    found: dict[str, str] = {}
    at = 0
    for _ in range(MAX_FIELDS):
        match = _FIELD.search(line, at)
        if match is None:
            break
        end = _json_end(line, match.start(2)) or match.end()
        found[match[1].strip()] = _unquoted(line[match.start(2) : end].strip())
        at = end
    return found


def _json_end(line: str, start: int) -> int:
    """Return where an object or a list ends that is a whole value; 0 for any other.

    Civitai and some extensions write such values without quotes.
    """
    if not line.startswith(("[", "{"), start):
        return 0
    try:
        end = _DECODER.raw_decode(line, start)[1]
    except (ValueError, RecursionError):
        return 0
    return end if _VALUE_END.match(line, end) else 0


def _unquoted(value: str) -> str:
    """Return a value without quotes; the tools write values that contain commas or colons as JSON strings."""
    if value.startswith('"'):
        try:
            text: Json = json.loads(value, strict=False)
        except ValueError:
            return value
        return text.encode("utf-8", "replace").decode() if isinstance(text, str) else value
    return value
