"""What `latentpng inspect` prints: the front of a file, for people or as JSON.  Needs neither NumPy nor Pillow."""

from __future__ import annotations

import os

from latentpng.carriers import read_front
from latentpng.header import DTYPE_FP16, DTYPE_NAME, Codec, Front
from latentpng.jsontext import json_text
from latentpng.opening import open_picture
from latentpng.record import Json, Lineage, Round, SeedRoot
from latentpng.text import plain

_CODEC_NAMES = {Codec.RECIPE: "none", Codec.RAW: "raw", Codec.SPLIT: "split+zstd"}
_ROUNDS_SHOWN = 12
_TEXT_LIMIT = 4000


def inspect_file(path: str | os.PathLike[str]) -> Front:
    """What stands before the tensor; reads about 4 KiB.  UnreadableFile, NoLatent, DamagedLatent."""
    with open_picture(path) as (stream, size, name):
        return read_front(stream, size, name)


def json_line(front: Front, file: str = "") -> str:
    """The metadata as it stands, and what the header adds; `file` only when it is not empty."""
    entries: dict[str, Json] = {
        **front.metadata,
        "chunk_bytes": front.chunk_bytes,
        "version": list(front.version),
    }
    if front.dims:
        entries |= {
            "codec": _CODEC_NAMES.get(Codec(front.codec), "") if front.codec in _CODEC_NAMES else front.codec,
            "digest": front.digest,
            "dims": list(front.dims),
            "dtype": DTYPE_NAME if front.dtype == DTYPE_FP16 else front.dtype,
        }
    if file:
        entries["file"] = file.encode("utf-8", "replace").decode()
    return json_text(entries).replace("\x7f", "\\u007f")


def lines(front: Front) -> list[str]:
    """The same for people: one fact a line, without control characters."""
    carrier = "text" if front.is_twin else "chunk"
    facts = [(carrier, f"version {front.version[0]}.{front.version[1]}, {front.chunk_bytes:,} bytes")]
    if front.dims:
        codec = _CODEC_NAMES[Codec(front.codec)] if front.codec in _CODEC_NAMES else f"codec {front.codec}"
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


def _lineage_facts(lineage: Lineage) -> list[tuple[str, str]]:
    root = lineage.root
    source = f"seed {root.seed}" if isinstance(root, SeedRoot) else f"tensor {_shown(root.source)}"
    facts = [("root", source), ("rounds", str(len(lineage.rounds)))]
    hidden = max(0, len(lineage.rounds) - _ROUNDS_SHOWN)
    if hidden:
        facts.append(("round ...", f"{hidden} earlier rounds"))
    numbered = list(enumerate(lineage.rounds, 1))[hidden:]
    return facts + [(f"round {number}", _round_text(round)) for number, round in numbered]


def _round_text(round: Round) -> str:
    marks = " + ".join(map(str, round.marks))
    text = f"seed {round.seed}, candidate {marks} of {round.of}, scale {round.scale:g}"
    if round.bands:
        text += f", bands {' '.join(f'{band:g}' for band in round.bands)}"
    if round.region:
        text += f", region {round.region}"
    return text + (f", {_shown(round.settings)}" if round.settings else "")


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json_text(value)
