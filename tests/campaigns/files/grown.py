"""Contents that no mutation reaches: very many of a thing, very deep, circular, or at the limits of the format."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

from latentpng.chunk.codec import encode_record
from latentpng.png.carriers import encode_carriers
from latentpng.png.chunks import SIGNATURE, build
from latentpng.record import Round
from tests.campaigns.files.contents import VALUES
from tests.campaigns.files.graphs import chain, web, workflow
from tests.campaigns.files.seeds import AUTOMATIC, COMFY, DRAW, FOOOCUS, INVOKE, INVOKE_2, NOVEL, SWARM
from tests.campaigns.files.tools import give_to_commands, with_texts
from tests.campaigns.files.trial import Trial
from tests.support.foreign.samples_files import exif_of, jpeg_of, picture, unicode_comment
from tests.support.latentpng.files import png_of
from tests.support.latentpng.pictures import seeded_record

_COUNTS = (10, 100, 1000, 10_000, 100_000)
_OBJECTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("prompt", COMFY),
    ("invokeai_metadata", INVOKE),
    ("sd-metadata", INVOKE_2),
    ("parameters", SWARM),
    ("Comment", NOVEL),
    ("parameters", FOOOCUS),
    ("Comment", DRAW),
)
_WORDS = (
    "<lora:a:1>", "(", "a, ", "\n", "Negative prompt: ", "Steps: 20, ", "A: 1, ", 'A: "', "TI hashes: ", "\\", '"', ":",
    "BREAK ", "[a:b:0.5]", "Seed: 1, ", "Size: 64x64, ", "{", "Hires upscale: 2, ", "\t", 'Lora hashes: "a: b", ',
)  # fmt: skip
_ELEMENTS = (
    b"<a>", b"<rdf:li>a</rdf:li>", b"<a b='", b"&#x10ffff;", b"&amp;", b"<!--", b"<!ENTITY a 'b'>", b"]]>",
)  # fmt: skip
_OFFSETS = (b"\0\0\0\x08", b"\x08\0\0\0", b"\xff\xff\xff\xff", b"\0\0\xff\xff", b"\x69\x87\x04\0")
_NESTS = (("[", "]"), ('{"a":', "}"), ("[[],", "]"), ('{"inputs":{"a":', "}}"))
_KEYWORDS = (
    "prompt", "workflow", "invokeai_metadata", "sd-metadata", "parameters", "Comment", "latentpng", "Description",
)  # fmt: skip
_PIXELS = ((2, 8, 0), (6, 16, 0), (3, 1, 0), (2, 8, 1), (0, 16, 1), (6, 8, 0))  # colour, depth, interlaced


def give_grown(trial: Trial, random: Random) -> None:
    """Give such a file to the commands that read the metadata of other tools."""
    data = grown(random)
    trial.made()
    trial.has_graph = True
    give_to_commands(trial, data, random)


def grown(random: Random) -> bytes:
    """Return a file."""
    return random.choice(_FORMS)(random, random.choice(_COUNTS))


def _repeated(random: Random, count: int) -> bytes:
    """Return an object of a tool in which one value became a list, an object or a text of very many."""
    keyword, value = random.choice(_OBJECTS)
    changed: dict[str, Any] = json.loads(json.dumps(value))
    holder = changed
    while True:
        key = random.choice(list(holder))
        if not isinstance(holder[key], dict) or random.random() < 0.3:
            break
        holder = holder[key]
    old = holder[key]
    match random.randrange(7):
        case 0:
            holder[key] = [old] * count
        case 1:
            holder[key] = {str(number): old for number in range(count)}
        case 2:
            holder[key] = str(old) * min(count, 20_000)
        case 3:
            holder[key] = "(" * count
        case 4:
            holder[key] = "<lora:a:1>" * min(count, 50_000)
        case 5:
            holder[key] = [random.choice(VALUES)] * count
        case _:
            holder[key] = int("9" * min(count, 4000))
    texts = {keyword: json.dumps(changed)}
    return with_texts({**texts, "Software": "NovelAI"} if value is NOVEL else texts)


def _infotext(random: Random, count: int) -> bytes:
    """Return a text of A1111 with very many of a thing."""
    at = random.randrange(len(AUTOMATIC))
    return with_texts({"parameters": AUTOMATIC[:at] + random.choice(_WORDS) * count + AUTOMATIC[at:]})


def _exif(random: Random, count: int) -> bytes:
    """Return EXIF of very many entries or folders, some of which point to themselves."""
    body = unicode_comment(random.choice((AUTOMATIC, json.dumps(SWARM))) + " " * count)
    exif = bytearray(exif_of({0x0131: "A tool", 0x010E: "a" * min(count, 20_000)}, {0x9286: body}))
    for _ in range(random.randrange(8)):
        at = random.randrange(6, len(exif) - 4)
        exif[at : at + 4] = random.choice(_OFFSETS)
    data = bytes(exif[:65_000])
    if random.random() < 0.5:
        return picture(random.choice(("JPEG", "WEBP")), data)
    blocks = [(0xE1, b"Exif\0\0" + data.removeprefix(b"Exif\0\0"))] * random.choice((1, 20))
    return jpeg_of([*blocks, *[(0xFE, b"a")] * min(count, 5000)])


def _xmp(random: Random, count: int) -> bytes:
    """Return XMP of very many elements, as it is or in a profile."""
    xmp = b"<x:xmpmeta><rdf:Description><exif:UserComment><rdf:Alt>" + random.choice(_ELEMENTS) * count
    if random.random() < 0.3:
        data = xmp[:40_000]
        return with_texts({"Raw profile type xmp": f"\nxmp\n{len(data):8}\n{data.hex()}\n"})
    return _with_chunks(build(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp))


def _texts(random: Random, count: int) -> bytes:
    """Return very many text chunks, some of them small bombs."""
    bomb = zlib.compress(random.choice((b" ", b"[", b'{"a":', b"a: b, ")) * 2**20)
    kind, data = random.choice(
        (
            (b"tEXt", b"prompt\0{}"),
            (b"zTXt", b"parameters\0\0" + bomb),
            (b"iTXt", b"Comment\0\1\0\0\0" + bomb),
            (b"tEXt", b"latentpng\0{}"),
            (b"zTXt", b"latentpng\0\0" + bomb),
            (b"tEXt", b"parameters\0a"),
        )
    )
    return _with_chunks(build(kind, data) * min(count, 3000))


def _latent(random: Random, count: int) -> bytes:
    """Return a lineage of very many rounds, or of fewer with all that a round can hold."""
    region = "/".join(random.choice(("01", "10")) * 4 for _ in range(8))
    settings: dict[str, Any] = random.choice(({}, {"prompt": "a" * 40}, {"model": {"loras": [{"name": "y"}]}}))
    options: dict[str, Any] = {}
    if random.random() < 0.5:
        options = {"bands": (1.0, 0.5), "region": region, "settings": settings, "before": dict.fromkeys(settings)}
    rounds = tuple(
        Round(seed=number, scale=random.choice((0.0, 0.25, 1.0)), of=2, marks=(number % 2,), **options)
        for number in range(min(count, 500 if options else 4096))
    )
    record = seeded_record(rounds)
    return _with_chunks(encode_carriers(record, encode_record(record), parameters=True))


def _deep(random: Random, count: int) -> bytes:
    """Return JSON that is nested as deep as it can be, at a place where JSON is read."""
    opening, closing = random.choice(_NESTS)
    inner = opening * count + "1" + (closing * count if random.random() < 0.7 else "")
    form = random.choice(("{0}", '{{"a": {0}}}', "a\nSteps: 1, Civitai resources: {0}"))
    return with_texts({random.choice(_KEYWORDS): form.format(inner)})


def _pixels(random: Random, count: int) -> bytes:
    """Return a PNG whose data inflates to much more than its pixels, in one piece or in very many."""
    colour, depth, interlaced = random.choice(_PIXELS)
    side = random.choice((1, 64, 512))
    data = zlib.compress(bytes([random.randrange(6)]) * random.choice((10, 10**6, 3 * side * side + side)), 9)
    size = max(1, len(data) // min(count, 20_000))
    pieces = b"".join(build(b"IDAT", data[at : at + size]) for at in range(0, len(data), size))
    front = build(b"acTL", struct.pack(">II", 2**31, 0)) + build(b"PLTE", bytes(random.choice((3, 5, 768, 771))))
    header = build(b"IHDR", struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, interlaced))
    return SIGNATURE + header + front + pieces + build(b"IEND", b"")


def _with_chunks(chunks: bytes) -> bytes:
    whole = png_of()
    return whole[:33] + chunks + whole[33:]


_FORMS: tuple[Callable[[Random, int], bytes], ...] = (
    chain, web, workflow, _repeated, _repeated, _infotext, _exif, _xmp, _texts, _latent, _deep, _pixels,
)  # fmt: skip
