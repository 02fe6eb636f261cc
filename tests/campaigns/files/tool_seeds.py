"""Good pictures of other tools for the campaigns: all cases, and one file for each container and form beside them."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator

from PIL import Image

from latentpng.png.chunks import build
from tests.campaigns.files.seeds import AUTOMATIC, COMFY
from tests.latentpng.foreign.test_cases import CASES, NAMES
from tests.support.foreign.samples_files import exif_of, jpeg_of, picture, png, png_of, unicode_comment, webp_of
from tests.support.foreign.stealth import bits_of, hide, noisy, saved

_COMMENT, _APP1, _APP11, _APP13, _USER_COMMENT = 0xFE, 0xE1, 0xEB, 0xED, 0x9286
_XMP = (
    b"<x:xmpmeta><rdf:Description xmp:CreatorTool='A tool'><exif:UserComment><rdf:Alt><rdf:li>a boat\n"
    b"Steps: 20, Seed: 1, Size: 64x64</rdf:li></rdf:Alt></exif:UserComment></rdf:Description></x:xmpmeta>"
)
_MANIFEST = b"\x00\x00\x00\x60jumb....c2pa\x74claim_generator_info\xa1\x64name\x67ChatGPT\x6dsoftwareAgent\x66GPT-4o"
_MANIFEST_ID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_SUBGRAPH = {
    "nodes": [
        {"id": 1, "type": "box", "inputs": [{"name": "words", "type": "STRING", "link": None}],
         "outputs": [{"type": "CONDITIONING", "links": [1]}], "widgets_values": ["a boat"]},
        {"id": 2, "type": "KSampler", "inputs": [{"name": "positive", "type": "CONDITIONING", "link": 1}],
         "outputs": [{"type": "LATENT", "links": [2]}], "widgets_values": [5, "fixed", 20, 7, "euler", "normal", 1]},
        {"id": 3, "type": "SaveImage", "inputs": [{"name": "images", "type": "LATENT", "link": 2}]},
        {"id": 4, "type": "workflow/g", "inputs": [{"name": "x", "type": "*"}], "outputs": [{"type": "*"}]},
    ],
    "links": [[1, 1, 0, 2, 0, "CONDITIONING"], [2, 2, 0, 3, 0, "LATENT"]],
    "definitions": {"subgraphs": [{
        "id": "box", "inputs": [{"name": "words", "type": "STRING"}],
        "nodes": [{"id": 1, "type": "CLIPTextEncode",
                   "inputs": [{"name": "text", "link": 1, "widget": {"name": "text"}}],
                   "outputs": [{"type": "CONDITIONING", "links": [2]}], "widgets_values": ["fog"]}],
        "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 1, "target_slot": 0},
                  {"id": 2, "origin_id": 1, "origin_slot": 0, "target_id": -20, "target_slot": 0}],
    }]},
    "extra": {
        "groupNodes": {"g": {"nodes": [{"type": "VAELoader", "outputs": [{"type": "VAE"}]}], "links": [[0, 0, 0, 0]]}},
        "ue_links": [{"downstream": 3, "downstream_slot": 0, "upstream": 2, "upstream_slot": 0}],
    },
}  # fmt: skip


def good_files() -> list[bytes]:
    """Return all good files, the shortest first."""
    return sorted([*((CASES / name).read_bytes() for name in NAMES), *_containers(), *_hidden(), *_graphs()], key=len)


def _containers() -> Iterator[bytes]:
    exif = exif_of({0x0131: "A tool", 0x010E: "a boat"}, {_USER_COMMENT: unicode_comment(AUTOMATIC)})
    iptc = b"".join(struct.pack(">BBBH", 0x1C, 2, kind, 6) + b"a boat" for kind in (120, 65, 80))
    photoshop = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iptc)) + iptc
    yield picture("JPEG", exif)
    yield picture("WEBP", exif)
    yield jpeg_of([
        (_APP1, b"Exif\0\0" + exif.removeprefix(b"Exif\0\0")),
        (_APP1, b"http://ns.adobe.com/xap/1.0/\0" + _XMP),
        (_APP11, b"JP\0\1\0\0\0\1" + _MANIFEST[:40]),
        (_APP11, b"JP\0\1\0\0\0\2" + _MANIFEST[:8] + _MANIFEST[40:]),
        (_APP13, photoshop),
        (_COMMENT, AUTOMATIC.encode()),
    ])  # fmt: skip
    yield webp_of([(b"VP8 ", b"0" * 9), (b"EXIF", exif), (b"XMP ", _XMP), (b"C2PA", _MANIFEST)])
    yield png([build(b"caBX", _MANIFEST), build(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _XMP)])
    for name, data in (("exif", exif), ("iptc", photoshop[14:]), ("xmp", _XMP)):
        yield png_of({f"Raw profile type {name}": f"\n{name}\n{len(data):8}\n{data.hex()}\n"})
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "AVIF", exif=exif, xmp=_XMP)
    manifest = b"uuid" + _MANIFEST_ID + _MANIFEST
    yield file.getvalue() + struct.pack(">I", len(manifest) + 4) + manifest
    parts = AUTOMATIC.encode()[:255], json.dumps({"prompt": COMFY}).encode()[:255]
    blocks = b"".join(bytes([len(part)]) + part for part in parts)
    yield b"GIF89a\x08\0\x08\0\x80\0\0" + bytes(6) + b"!\xf9\x04\0\0\0\0\0!\xfe" + blocks + b"\0,;"


def _hidden() -> Iterator[bytes]:
    """Yield pictures with a text in their pixels: in alpha and in the colours, as it is and with gzip."""
    for in_alpha in (True, False):
        for packed in (True, False):
            bits = bits_of(AUTOMATIC.encode(), in_alpha=in_alpha, packed=packed)
            hidden = hide(noisy("RGBA" if in_alpha else "RGB"), bits, in_alpha=in_alpha)
            yield saved(hidden)
            yield saved(hidden, "WEBP", lossless=True, exact=True)


def _graphs() -> Iterator[bytes]:
    yield png_of({"workflow": json.dumps(_SUBGRAPH)})
    yield png_of({"prompt": json.dumps(COMFY), "workflow": json.dumps(_SUBGRAPH), "parameters": AUTOMATIC})
    yield picture("WEBP", exif_of({0x010F: f"prompt:{json.dumps(COMFY)}", 0x010E: f"workflow:{json.dumps(_SUBGRAPH)}"}))
