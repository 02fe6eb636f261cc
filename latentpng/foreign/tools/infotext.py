"""Parse the text form of Stable Diffusion web UI: prompt, negative prompt, and one line of `Name: value` fields.

The meaning of the fields differs between the tools that write them, so it is not interpreted here. Parsing takes time
proportional to the length of the text, whatever the text contains.
"""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass

from latentpng.record import Json

MAX_FIELDS = 256
MAX_LINE = 2**16  # characters of the line of fields; a longer line is ignored
MAX_BREAKS = 32  # line breaks inside values
NEGATIVE = re.compile(r"negative[ _]prompt:", re.IGNORECASE)
_FIRST_FIELD = "Steps: "
_FIRST_FIELD_ANYHOW = re.compile(r"^[ \t]*+steps: ", re.IGNORECASE | re.MULTILINE)
_STEPS_IN_LINE = re.compile(r"(?<![\w-])Steps: [0-9]{1,6}(?=, [A-Z])")
_MIN_FIELDS = 3
_MIN_FIELDS_BEHIND_STEPS = 2
_FIELD = re.compile(r'(?:^|,)([^,:"]{1,80}+):[ ]*+("(?:[^"\\]++|\\.)*+"(?= *+(?:,|$))|[^,]*+)')
_RESUMED = re.compile(
    r", *+(sampler|schedule type|cfg scale|seed|size|model hash|model|vae|clip skip|denoising strength|version): ",
    re.IGNORECASE,
)
"""Where the fields go on behind a value that contains a line break: at a field that the web UI itself writes."""
_ANY_FIELD = re.compile(r", *+[A-Z][\w /-]{0,60}+: ")
_FIELD_LINE = re.compile(r"[ \t]*+[A-Za-z][\w /-]{0,60}+:[ \t]")
_OPEN_QUOTE = re.compile(r'[:,] ?"[^"]*+$')
_CLOSED_QUOTE = re.compile(r'[^"]*+"[ ]*+(?:,|$)')
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
    start = _start_of_fields(text)
    first, *behind = _quotes_closed(text[start:].split("\n", MAX_BREAKS + 1)[: MAX_BREAKS + 1])
    fields = _fields(first)
    is_sure = _FIRST_FIELD_ANYHOW.match(first) is not None
    if len(fields) == 1 and is_sure and behind:
        fields = _fields(_joined([first, *behind]))
    elif behind:
        fields = _resumed(fields, behind)
    if len(fields) < (_MIN_FIELDS_BEHIND_STEPS if is_sure else _MIN_FIELDS):
        return None
    prompt, negative = prompts_of(text[:start] if text[:start].endswith("\n") else _with_breaks(text[:start]))
    return Infotext(prompt=prompt, negative_prompt=negative, fields=fields)


def prompts_of(text: str) -> tuple[str, str]:
    """Split a text without fields into prompt and negative prompt; their lines lose the spaces around them."""
    lines = [line.strip() for line in text.split("\n")]
    at = next((at for at, line in enumerate(lines) if NEGATIVE.match(line)), len(lines))
    negative = NEGATIVE.sub("", "\n".join(lines[at:]), count=1)
    return "\n".join(lines[:at]).strip(), negative.strip()


def _start_of_fields(text: str) -> int:
    """Return where the line of fields starts: at the last `Steps: ` that starts a line, else at the last line."""
    steps = f"\n{text}".rfind(f"\n{_FIRST_FIELD}")
    if steps < 0:
        steps = max((match.start() for match in _FIRST_FIELD_ANYHOW.finditer(text)), default=-1)
    return steps if steps >= 0 else _start_in_line(text)


def _start_in_line(text: str) -> int:
    """Return where the fields start in the last line.

    They start with the line, unless sites joined the lines of the text: then the prompt stands before them.
    """
    start = text.rfind("\n") + 1
    if len(text) - start > MAX_LINE:
        return start
    steps = max((match.start() for match in _STEPS_IN_LINE.finditer(text, start)), default=start)
    front = text[start:steps].rstrip()
    is_field = front.endswith(",") and _FIELD_LINE.match(front) and not NEGATIVE.match(front)
    return start if is_field else steps


def _with_breaks(front: str) -> str:
    """Return prompts whose lines were joined with the negative prompt on a line of its own."""
    if any(NEGATIVE.match(line.strip()) for line in front.split("\n")):
        return front
    joined = max((match.start() for match in NEGATIVE.finditer(front)), default=len(front))
    return f"{front[:joined]}\n{front[joined:]}"


def _quotes_closed(lines: list[str]) -> list[str]:
    """Return the lines with the first one as long as its last quoted value, which may contain line breaks."""
    if not _OPEN_QUOTE.search(lines[0][:MAX_LINE]):
        return lines
    for at, line in enumerate(lines[1:], 1):
        if _CLOSED_QUOTE.match(line):
            return ["\n".join(lines[: at + 1]), *lines[at + 1 :]]
    return lines


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


def _joined(lines: list[str]) -> str:
    """Return the fields of a text that has a line for each field as one line; the first other line ends them."""
    fields = itertools.takewhile(_FIELD_LINE.match, lines)
    return ", ".join(line.strip().rstrip(",") for line in fields)[: MAX_LINE + 1]


def _resumed(fields: dict[str, str], lines: list[str]) -> dict[str, str]:
    """Return the fields with those of the lines behind the first one, when a value contained a line break.

    Lines that other programs add below the fields, such as templates, have no further field of the web UI.
    """
    pending: list[str] = []
    for line in lines:
        known = {name.casefold() for name in fields}
        match = next((match for match in _RESUMED.finditer(line[:MAX_LINE]) if match[1].casefold() not in known), None)
        if match is None:
            pending.append(line)
            continue
        field = _ANY_FIELD.search(line, 0, match.end()) or match
        last = next(reversed(fields))
        broken = "\n".join([fields[last], *pending, line[: field.start()]])
        fields, pending = {**fields, last: broken, **_fields(line[field.start() + 1 :])}, []
    return fields


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
