"""Good files to mutate: golden files, every carrier of a latent, every pixel format, texts of other tools."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import ExifTags, Image

from latentpng.chunk.codec import Codec, encode_record
from latentpng.png.carriers import encode_carriers
from latentpng.png.chunks import SIGNATURE, build
from latentpng.png.texts import build_text
from latentpng.png.twin import TWIN
from latentpng.record import Round
from tests.support.latentpng.files import png_of
from tests.support.latentpng.pictures import RGB, SIDE, chunk_data, seeded_record, tensor_record
from tests.vectors import make

AUTOMATIC = (
    "a cat\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 64x64, Model: sd15, "
    "Variation seed: 2, Variation seed strength: 0.1, ENSD: 31337, RNG: CPU, Version: v1.10.1"
)
COMFY = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 5,
            "steps": 20,
            "cfg": 7.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
            "model": ["4", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "fog", "clip": ["4", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "a", "images": ["8", 0]}},
}
INVOKE = {
    "app_version": "5.0.0",
    "positive_prompt": "a cat",
    "negative_prompt": "fog",
    "seed": 1,
    "rand_device": "cpu",
    "cfg_scale": 7.0,
    "steps": 20,
    "scheduler": "euler",
    "width": 64,
    "height": 64,
    "model": {"name": "sd15", "hash": "blake3:0"},
}
INVOKE_2 = {
    "model": "stable diffusion",
    "image": {
        "prompt": [{"prompt": "a cat", "weight": 1.0}],
        "seed": 1,
        "steps": 20,
        "cfg_scale": 7.5,
        "sampler": "k_lms",
        "width": 64,
        "height": 64,
        "variations": [{"seed": 2, "weight": 0.1}],
    },
}
SWARM = {
    "sui_image_params": {
        "prompt": "a cat",
        "negativeprompt": "fog",
        "model": "sd15",
        "seed": 1,
        "steps": 20,
        "cfgscale": 7.0,
        "width": 64,
        "height": 64,
        "swarm_version": "0.9",
    }
}
NOVEL = {
    "prompt": "a cat",
    "steps": 28,
    "height": 64,
    "width": 64,
    "scale": 5.0,
    "seed": 1,
    "sampler": "k_euler",
    "uc": "fog",
}
FOOOCUS = {
    "prompt": "a cat",
    "negative_prompt": "fog",
    "seed": "1",
    "steps": 30,
    "resolution": "(64, 64)",
    "version": "Fooocus v2.5.5",
}
DRAW = {
    "c": "a cat",
    "uc": "fog",
    "model": "sd15.ckpt",
    "sampler": "Euler a",
    "scale": 7.0,
    "seed": 1,
    "seed_mode": "Scale Alike",
    "size": "64x64",
    "steps": 20,
}
TEXTS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("parameters", AUTOMATIC),),
    (("prompt", json.dumps(COMFY)), ("workflow", json.dumps({"nodes": [], "links": []}))),
    (("invokeai_metadata", json.dumps(INVOKE)),),
    (("sd-metadata", json.dumps(INVOKE_2)), ("Dream", '"a cat" -s 20 -S 1 -W 64 -H 64 -C 7.5 -A k_lms -V 2:0.1')),
    (("parameters", AUTOMATIC), ("fooocus_scheme", "a1111")),
    (("parameters", json.dumps(FOOOCUS)), ("fooocus_scheme", "fooocus")),
    (("parameters", json.dumps(SWARM)),),
    (("Software", "NovelAI"), ("Description", "a cat"), ("Comment", json.dumps(NOVEL))),
    (("Comment", json.dumps(DRAW)),),
    (("parameters", f"{AUTOMATIC}, Version: stable-diffusion.cpp, SDCPP: {json.dumps({'seed': 1})}"),),
)  # fmt: skip


def seeds() -> list[bytes]:
    """Return all good files, always in the same order."""
    golden = [path.read_bytes() for path in sorted(Path(make.__file__).parent.glob("*.png"))]
    return [*golden, *_carriers(), *_texts_of_other_tools(), *_other_formats(), *_pixel_formats()]


def _carriers() -> Iterator[bytes]:
    for codec in Codec:
        yield png_of((b"laTn", chunk_data(codec)))
    yield png_of((b"laTn", encode_record(tensor_record())))
    many = tuple(Round(seed=number, scale=0.25, bands=(1.0, 0.5)) for number in range(40))
    for record in (seeded_record(many), seeded_record(shape=(4, 32, 32))):
        whole = png_of()
        yield whole[:33] + encode_carriers(record, encode_record(record), parameters=True) + whole[33:]
    carried = encode_carriers(seeded_record(many[:2]), chunk_data(), parameters=True)
    twin = next(text for kind, text in _chunks(carried) if text.startswith(TWIN.encode()))
    _, _, text = twin.partition(b"\0")
    yield png_of((b"tEXt", twin))
    yield png_of((b"zTXt", TWIN.encode() + b"\0\0" + zlib.compress(text)))
    yield png_of((b"iTXt", TWIN.encode() + b"\0\1\0\0\0" + zlib.compress(text)), (b"caBX", b"manifest"))
    yield png_of()[:-12] + carried + png_of()[-12:] + b"behind"


def _texts_of_other_tools() -> Iterator[bytes]:
    whole = png_of()
    for texts in TEXTS:
        yield whole[:33] + b"".join(build_text(*text) for text in texts) + whole[33:]


def _other_formats() -> Iterator[bytes]:
    """Yield JPEG and WebP files, which carry the text in EXIF."""
    for kind in ("JPEG", "WEBP"):
        for comment in (b"UNICODE\0" + AUTOMATIC.encode("utf-16-be"), b"ASCII\0\0\0" + json.dumps(SWARM).encode()):
            exif = Image.Exif()
            exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
            file = io.BytesIO()
            Image.frombytes("RGB", (SIDE, SIDE), RGB).save(file, kind, exif=exif)
            yield file.getvalue()


def _pixel_formats() -> Iterator[bytes]:
    for depth, colour, interlaced, row in ((1, 3, 0, 1), (16, 0, 0, 16), (8, 6, 1, 32), (8, 4, 0, 16), (16, 2, 1, 48)):
        header = struct.pack(">IIBBBBB", 8, 8, depth, colour, 0, 0, interlaced)
        rows = zlib.compress(bytes(15 * (1 + row)))
        palette = build(b"PLTE", bytes(6)) + build(b"tRNS", b"\0") if colour == 3 else b""
        end = build(b"IEND", b"")
        yield SIGNATURE + build(b"IHDR", header) + palette + build(b"laTn", chunk_data()) + build(b"IDAT", rows) + end


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : end - 4]
        at = end
