"""What `latentpng inspect` prints about a file, for people or as JSON.  Needs neither NumPy nor Pillow."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import cast

from latentpng.chunk.header import DTYPE_FP16, DTYPE_NAME, Codec, Front
from latentpng.chunk.strict_json import json_text
from latentpng.identity import is_edit
from latentpng.png.carriers import read_front
from latentpng.png.open import open_picture
from latentpng.record import Json, JsonObject, Lineage, Round, SeedRoot
from latentpng.regions import region_words
from latentpng.reports.edits import edit_text, edit_words
from latentpng.reports.look import OTHER_TEXT, OWN_TEXT, PictureInfo
from latentpng.steps import step_ends
from latentpng.text import plain

_CODEC_NAMES: dict[int, str] = {Codec.RECIPE: "none", Codec.RAW: "raw", Codec.SPLIT: "split+zstd"}
_CARRIERS = {
    OWN_TEXT: "parameters: the text of latentpng, without noise and lineage",
    OTHER_TEXT: "foreign: metadata of another tool",
}
_UNPRINTABLE = (b"\n", b"\r", b"\t", b"\x7f")  # the characters of JSON that are not printable ASCII
_STEP_ENDS = "step_ends"
_STEPS_SHOWN = 12
_TEXT_LIMIT = 4000
_FACT_LIMIT = 60
_PROMPT_LIMIT = 80


def inspect_file(path: str | os.PathLike[str]) -> Front:
    """Read what stands before the tensor; this reads about 4 KiB of the file.

    Args:
        path: A PNG; "-" is standard input.

    Raises:
        UnreadableFileError: The file cannot be opened, or is not a PNG.
        NoLatentError: The PNG carries no latent.
        DamagedLatentError: The latent breaks a rule of SPEC.md.
    """
    with open_picture(path) as (stream, size, name):
        return read_front(stream, size, name)


def info_json(info: PictureInfo, *, named: bool) -> str:
    """Format all that a file records as one JSON object on one line.

    The metadata of another tool stands under `foreign`.  The `parameters` text of latentpng stands under `parameters`
    if nothing else is left of a latent.

    Args:
        info: What the file records.
        named: Add the name of the file as `file`.
    """
    if info.front is not None and info.foreign is None:
        return json_line(info.front, info.file if named else "")
    from latentpng.foreign.show import foreign_json

    entries: dict[str, Json] = {} if info.front is None else {**info.front.metadata, **_header(info.front)}
    entries["carrier"] = info.carrier
    if info.foreign is not None:
        entries["parameters" if info.carrier == OWN_TEXT else "foreign"] = foreign_json(info.foreign)
    return _escaped(entries | ({"file": _encodable(info.file)} if named else {}))


def json_line(front: Front, file: str = "") -> str:
    """Format the front of a latent as one JSON object on one line, in printable ASCII.

    Metadata that is printable already is copied, because parsing and writing it anew takes most of the time.

    Args:
        front: The front.
        file: The name of the file, "" to leave the key `file` out.

    Returns:
        The metadata as it stands in the file, the fields of the header, and where the steps of the lineage end.
    """
    is_printable = not any(map(front.text.__contains__, _UNPRINTABLE))
    if front.text.startswith(b'{"') and is_printable and front.is_known and _STEP_ENDS not in front.metadata:
        metadata = front.text.decode("ascii")
        name = f'"file":{_quoted_name(file)},' if file else ""
        return (
            f'{{"carrier":"{front.carrier}","chunk_bytes":{front.chunk_bytes},"codec":{_quoted(_codec(front))},'
            f'"digest":"{front.digest}",'
            f'"dims":{list(front.dims)},"dtype":{_quoted(_dtype(front))},{name}'
            f'"step_ends":{list(_step_ends(front))},"version":{list(front.version)},{metadata[1:]}'
        )
    return _escaped({**front.metadata, **_header(front), **({"file": _encodable(file)} if file else {})})


def short_line(info: PictureInfo) -> str:
    """Format a file as one line: root, rounds, settings, and the start of its prompt."""
    from latentpng.reports.fields import value_of

    seed, rounds, steps, prompt = (value_of(name, info) for name in ("seed", "rounds", "steps", "prompt"))
    front = info.front
    values = [
        _maker(info),
        f"seed {seed}" if seed is not None else str(value_of("root", info)),
        f"{rounds} {'round' if rounds == 1 else 'rounds'}" if rounds else "",
        "" if front is None else " x ".join(map(str, front.dims)),
        str(value_of("model", info)),
        str(value_of("scheduler", info)),
        f"{steps} {'step' if steps == 1 else 'steps'}" if steps else "",
        "needs a newer version of latentpng" if front is not None and front.newer else "",
    ]
    facts = ", ".join(plain(value, _FACT_LIMIT) for value in values if value)
    return f"{plain(info.file)}  {facts}" + (f": {plain(str(prompt), _PROMPT_LIMIT)}" if prompt else "")


def info_lines(info: PictureInfo) -> list[str]:
    """Format all that a file records for people: one fact per line, without control characters."""
    found = [] if info.front is None else lines(info.front)
    if info.foreign is None:
        return found
    from latentpng.foreign.show import foreign_lines

    carrier = [] if found else [f"{'carrier':16} {_CARRIERS[info.carrier]}"]
    return found + carrier + foreign_lines(info.foreign)


def _maker(info: PictureInfo) -> str:
    """Return the service that made a picture without a latent, or its tool."""
    if info.front is not None or info.foreign is None:
        return ""
    foreign = info.foreign
    if foreign.tool == "unknown":
        return foreign.made_by or ("unknown tool" if foreign.prompt or foreign.extra else "no known settings")
    return foreign.made_by if foreign.tool == "service" and foreign.made_by else foreign.tool


def _header(front: Front) -> dict[str, Json]:
    """Return the keys that JSON output adds to the metadata."""
    added: dict[str, Json] = {
        "carrier": front.carrier,
        "chunk_bytes": front.chunk_bytes,
        "version": front.version,
    }
    if front.dims:
        added |= {"codec": _codec(front), "digest": front.digest, "dims": front.dims, "dtype": _dtype(front)}
    if front.is_known:
        added[_STEP_ENDS] = _step_ends(front)
    return added


def _step_ends(front: Front) -> tuple[int, ...]:
    """Return after how many rounds each step ends; only a lineage with regions is made into values for that."""
    rounds = cast("list[JsonObject]", front.metadata["rounds"])
    parsed = front.parsed if any(round_.get("region") for round_ in rounds) else None
    return tuple(range(1, len(rounds) + 1)) if parsed is None else step_ends(parsed.lineage)


def _codec(front: Front) -> str | int:
    return _CODEC_NAMES.get(front.codec, front.codec)


def _dtype(front: Front) -> str | int:
    return DTYPE_NAME if front.dtype == DTYPE_FP16 else front.dtype


def _encodable(file: str) -> str:
    """Replace the surrogates that stand for bytes of a name that are not UTF-8."""
    return file if file.isascii() else file.encode("utf-8", "replace").decode()


def _escaped(value: Json) -> str:
    """Return JSON without characters that a terminal would obey."""
    return json_text(value).replace("\x7f", "\\u007f")


def _quoted_name(file: str) -> str:
    if file.isascii() and file.isprintable() and '"' not in file and "\\" not in file:
        return f'"{file}"'
    return _escaped(_encodable(file))


def _quoted(value: str | int) -> str:
    """Return the JSON of a number, or of a name that needs no escapes."""
    return f'"{value}"' if isinstance(value, str) else str(value)


def lines(front: Front) -> list[str]:
    """Format the front of a latent for people: one fact per line, without control characters."""
    facts = [
        ("carrier", f"{_carrier(front)}; version {front.version[0]}.{front.version[1]}, {front.chunk_bytes:,} bytes")
    ]
    if front.dims:
        codec = _CODEC_NAMES.get(front.codec, f"codec {front.codec}")
        facts.append(("tensor", f"{' x '.join(map(str, front.dims))}, {codec}, SHA-256 {front.digest}"))
    if front.parsed is None:
        facts += [(key, _shown(value)) for key, value in sorted(front.metadata.items())]
    else:
        parsed = front.parsed
        facts += [("axes", parsed.axes), ("noise", f"{parsed.lineage.noise}, node {parsed.node}")]
        facts += _lineage_facts(parsed.lineage)
        facts += [(key, _shown(value)) for key, value in sorted(parsed.settings.items())]
        facts += [("software", f"{key} {_shown(value)}") for key, value in sorted(parsed.software.items())]
        facts += [("pixels", f"SHA-256 {parsed.pixels}")] if parsed.pixels else []
        facts += [(key, _shown(value)) for key, value in sorted(parsed.extra.items())]
    return [f"{plain(name, 40):16} {plain(text, _TEXT_LIMIT)}" for name, text in facts]


def _carrier(front: Front) -> str:
    if not front.is_twin or front.parsed is None:
        return front.carrier
    is_seeded = isinstance(front.parsed.lineage.root, SeedRoot)
    return f"{front.carrier}: noise not stored, {'rebuilt from the lineage' if is_seeded else 'cannot be rebuilt'}"


def _lineage_facts(lineage: Lineage) -> list[tuple[str, str]]:
    root = lineage.root
    source = f"seed {root.seed}" if isinstance(root, SeedRoot) else f"tensor {_shown(root.source)}"
    return [("root", source), ("rounds", str(len(lineage.rounds))), *step_facts(lineage)]


def step_facts(lineage: Lineage, after: int = 0) -> list[tuple[str, str]]:
    """Return a name and a text for each of the last 12 steps of a lineage, and a line for those before them.

    Args:
        lineage: The lineage.
        after: The number of rounds to leave out at its start; a step ends there.
    """
    ends = [end for end in step_ends(lineage) if end > after]
    begins = [after, *ends][-_STEPS_SHOWN - 1 : -1]
    hidden = begins[0] - after if begins else 0
    facts = [("round ...", f"{hidden} earlier rounds")] if hidden else []
    for begin, end in zip(begins, ends[-_STEPS_SHOWN:], strict=True):
        facts.append((step_name(begin + 1, end), step_text(lineage.rounds[begin:end])))
    return facts


def step_name(first: int, last: int) -> str:
    """Return the name of a step: "round 3", or "rounds 5-7" for a pick by region; first, last: its rounds, from 1."""
    return f"round {first}" if first == last else f"rounds {first}-{last}"


def step_text(rounds: Sequence[Round]) -> str:
    """Format what the rounds of a step record as one line.  It may hold control characters: see `plain`."""
    last = rounds[-1]
    if len(rounds) == 1:
        return round_text(last)
    marks = ", ".join(map(_marks, rounds))
    return f"seed {last.seed}, candidates {marks} of {last.of}, scale {last.scale:g}{_bands(last)}"


def round_text(round_: Round) -> str:
    """Format what a round records as one line.  It may hold control characters from the file: see `plain`."""
    if is_edit(round_.settings, round_):
        return edit_text(round_.settings, round_.before)
    text = f"seed {round_.seed}, candidate {_marks(round_)} of {round_.of}, scale {round_.scale:g}{_bands(round_)}"
    if round_.prompt_scale:
        text += f", prompt scale {round_.prompt_scale:g}"
    return text + (f", {'; '.join(edit_words(round_.settings, round_.before))}" if round_.settings else "")


def _marks(round_: Round) -> str:
    region = f" ({region_words(round_.region)})" if round_.region else ""
    return f"{' + '.join(map(str, round_.marks))}{region}"


def _bands(round_: Round) -> str:
    return f", bands {' '.join(f'{band:g}' for band in round_.bands)}" if round_.bands else ""


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json_text(value)
