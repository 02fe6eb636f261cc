"""What `latentpng inspect` prints: the front of a file, for people or as JSON.  Needs neither NumPy nor Pillow."""

from __future__ import annotations

import os

from latentpng.chunk.header import DTYPE_FP16, DTYPE_NAME, Codec, Front
from latentpng.chunk.strict_json import json_text
from latentpng.png.carriers import read_front
from latentpng.png.open import open_picture
from latentpng.record import Json, Lineage, Round, SeedRoot
from latentpng.reports.look import OTHER_TEXT, OWN_TEXT, Seen
from latentpng.text import plain

_CODEC_NAMES: dict[int, str] = {Codec.RECIPE: "none", Codec.RAW: "raw", Codec.SPLIT: "split+zstd"}
_TOLD = {OWN_TEXT: "parameters: no noise, no lineage", OTHER_TEXT: "foreign: a text of another tool"}
_BREAKING = (b"\n", b"\r", b"\t", b"\x7f")  # of what may stand in JSON, all that is no printable ASCII
_ROUNDS_SHOWN = 12
_TEXT_LIMIT = 4000
_FACT_LIMIT = 60
_PROMPT_LIMIT = 80


def inspect_file(path: str | os.PathLike[str]) -> Front:
    """What stands before the tensor; reads about 4 KiB.  UnreadableFileError, NoLatentError, DamagedLatentError."""
    with open_picture(path) as (stream, size, name):
        return read_front(stream, size, name)


def seen_json(seen: Seen, *, named: bool) -> str:
    """All that a file says as one JSON object: `foreign` for another tool's text, `parameters` for ours where nothing
    else is left of a latent, `file` when `named`.
    """
    if seen.front is not None and seen.foreign is None:
        return json_line(seen.front, seen.file if named else "")
    from latentpng.foreign.show import foreign_json

    entries: dict[str, Json] = {} if seen.front is None else {**seen.front.metadata, **_header(seen.front)}
    entries["carrier"] = seen.carrier
    if seen.foreign is not None:
        entries["parameters" if seen.carrier == OWN_TEXT else "foreign"] = foreign_json(seen.foreign)
    return _escaped(entries | ({"file": _sendable(seen.file)} if named else {}))


def json_line(front: Front, file: str = "") -> str:
    """What the header adds, and the metadata as it stands; `file` only when it is not empty."""
    if front.text.startswith(b'{"') and not any(map(front.text.__contains__, _BREAKING)):
        metadata = front.text.decode("ascii")  # on one line as it is; writing it anew takes longest
        name = f'"file":{_quoted_name(file)},' if file else ""
        return (
            f'{{"carrier":"{front.carrier}","chunk_bytes":{front.chunk_bytes},"codec":{_quoted(_codec(front))},'
            f'"digest":"{front.digest}",'
            f'"dims":{list(front.dims)},"dtype":{_quoted(_dtype(front))},{name}'
            f'"version":{list(front.version)},{metadata[1:]}'
        )
    return _escaped({**front.metadata, **_header(front), **({"file": _sendable(file)} if file else {})})


def short_line(seen: Seen) -> str:
    """One line for a file: root, rounds and settings, and how its prompt starts."""
    from latentpng.reports.fields import value_of

    seed, rounds, steps, prompt = (value_of(name, seen) for name in ("seed", "rounds", "steps", "prompt"))
    front = seen.front
    told = [
        str(value_of("tool", seen)) if front is None else "",
        f"seed {seed}" if seed is not None else str(value_of("root", seen)),
        f"{rounds} {'round' if rounds == 1 else 'rounds'}" if rounds else "",
        "" if front is None else " x ".join(map(str, front.dims)),
        str(value_of("model", seen)),
        str(value_of("scheduler", seen)),
        f"{steps} {'step' if steps == 1 else 'steps'}" if steps else "",
        "a newer version is needed" if front is not None and front.newer else "",
    ]
    facts = ", ".join(plain(fact, _FACT_LIMIT) for fact in told if fact)
    return f"{plain(seen.file)}  {facts}" + (f": {plain(str(prompt), _PROMPT_LIMIT)}" if prompt else "")


def seen_lines(seen: Seen) -> list[str]:
    """All that a file says, for people."""
    found = [] if seen.front is None else lines(seen.front)
    if seen.foreign is None:
        return found
    from latentpng.foreign.show import foreign_lines

    carrier = [] if found else [f"{'carrier':16} {_TOLD[seen.carrier]}"]
    return found + carrier + foreign_lines(seen.foreign)


def _header(front: Front) -> dict[str, Json]:
    added: dict[str, Json] = {
        "carrier": front.carrier,
        "chunk_bytes": front.chunk_bytes,
        "version": front.version,
    }
    if front.dims:
        added |= {"codec": _codec(front), "digest": front.digest, "dims": front.dims, "dtype": _dtype(front)}
    return added


def _codec(front: Front) -> str | int:
    return _CODEC_NAMES.get(front.codec, front.codec)


def _dtype(front: Front) -> str | int:
    return DTYPE_NAME if front.dtype == DTYPE_FP16 else front.dtype


def _sendable(file: str) -> str:
    """A name without the half characters that stand for bytes that are no UTF-8."""
    return file if file.isascii() else file.encode("utf-8", "replace").decode()


def _escaped(value: Json) -> str:
    """JSON of which no character can drive a terminal."""
    return json_text(value).replace("\x7f", "\\u007f")


def _quoted_name(file: str) -> str:
    if file.isascii() and file.isprintable() and '"' not in file and "\\" not in file:
        return f'"{file}"'
    return _escaped(_sendable(file))


def _quoted(value: str | int) -> str:
    """The JSON of a number, or of a name that needs no escapes."""
    return f'"{value}"' if isinstance(value, str) else str(value)


def lines(front: Front) -> list[str]:
    """The same for people: one fact a line, without control characters."""
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
    return f"{front.carrier}: no tensor, {'its lineage rebuilds it' if is_seeded else 'and nothing rebuilds it'}"


def _lineage_facts(lineage: Lineage) -> list[tuple[str, str]]:
    root = lineage.root
    source = f"seed {root.seed}" if isinstance(root, SeedRoot) else f"tensor {_shown(root.source)}"
    facts = [("root", source), ("rounds", str(len(lineage.rounds)))]
    hidden = max(0, len(lineage.rounds) - _ROUNDS_SHOWN)
    if hidden:
        facts.append(("round ...", f"{hidden} earlier rounds"))
    numbered = list(enumerate(lineage.rounds, 1))[hidden:]
    return facts + [(f"round {number}", round_text(round_)) for number, round_ in numbered]


def round_text(round_: Round) -> str:
    """All that a round says, on one line; may hold control characters of a stranger."""
    marks = " + ".join(map(str, round_.marks))
    text = f"seed {round_.seed}, candidate {marks} of {round_.of}, scale {round_.scale:g}"
    if round_.bands:
        text += f", bands {' '.join(f'{band:g}' for band in round_.bands)}"
    if round_.region:
        text += f", region {round_.region}"
    if round_.prompt_scale:
        text += f", prompt scale {round_.prompt_scale:g}"
    return text + (f", {_shown(round_.settings)}" if round_.settings else "")


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json_text(value)
