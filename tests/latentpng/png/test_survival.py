"""A latent outlives the tools that touch its file, and what we write is PNG to every one of them."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from latentpng.cli import main
from latentpng.errors import ExitCode
from latentpng.png.chunks import SIGNATURE, build
from latentpng.png.files import embed_record, strip, write_picture
from latentpng.png.pixels import encode_pixels
from latentpng.record import Round
from tests.campaigns.survival import picture
from tests.campaigns.survival.leftovers import Leftovers, leftovers
from tests.campaigns.survival.tools import WAYS, Way
from tests.support.latentpng import independent
from tests.support.latentpng.files import png_of
from tests.support.latentpng.pictures import RGB, SIDE, altered, seeded_record, tensor_record
from tests.support.latentpng.strict_png import problems

RECORD = picture.picture_record()
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
PINNED = {  # constraints.txt names the versions of these
    "pyoxipng strip=none": ("laTn", "tEXt", "tEXt"),
    "pyoxipng strip=safe": ("", "", ""),
    "pyoxipng strip=all": ("", "", ""),
    "pyvips write_to_file": ("", "zTXt", "zTXt"),
    "pyvips keep=none": ("", "", ""),
    "Pillow save": ("", "", ""),
    "Pillow save(pnginfo=)": ("", "tEXt", "tEXt"),
}


def same_pixels(path: Path) -> bool:
    """Whether Pillow, asked directly, sees what was rendered."""
    with Image.open(path) as image:
        return image.convert("RGB").tobytes() == picture.RGB


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_what_a_tool_keeps_leads_to_the_same_noise(tmp_path: Path, way: Way) -> None:
    if not way.installed:
        pytest.skip(f"{way.tool} is not installed")
    source, target = tmp_path / "from.png", tmp_path / "to.png"
    write_picture(source, picture.WIDTH, picture.HEIGHT, picture.RGB, RECORD)
    way.run(source, target)
    found = leftovers(target)
    kept = (found.chunk, found.twin, found.parameters)
    expected = PINNED.get(way.name, kept)
    verified = ExitCode.OK if same_pixels(target) else ExitCode.PIXELS_DIFFER
    assert found == Leftovers(
        chunk=expected[0],
        twin=expected[1],
        parameters=expected[2],
        inspected="chunk" if found.chunk else "twin" if found.twin else "",
        verified=verified if found.chunk or found.twin else ExitCode.NO_LATENT,
        node=RECORD.node if found.chunk or found.twin else "",
    )
    strip(target)
    assert (leftovers(target).chunk, leftovers(target).twin, leftovers(target).parameters) == ("", "", "")


@pytest.mark.parametrize(
    ("output", "found"),
    [("Version: ImageMagick 7.1.1-43 Q16-HDRI", "7.1.1-43"), ("GraphicsMagick 1.3.42", ""), ("needs ImageMagick", "")],
)
def test_a_program_of_the_same_name_is_not_taken_for_imagemagick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, found: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "convert").write_text(f"#!/bin/sh\necho '{output}'\n")
    (tmp_path / "convert").chmod(0o755)
    ways = [replace(way, version=(*way.version, output)) for way in WAYS if way.tool == "ImageMagick"]
    assert [way.installed for way in ways] == [found, found, ""], "mogrify is not there"


def test_the_ways_have_names_of_their_own() -> None:
    assert len({way.name for way in WAYS}) == len(WAYS)
    assert {way.name for way in WAYS} >= set(PINNED)


def moved(path: Path, *, chunk: bool, twin: bytes, behind: bool) -> None:
    """What tools make of our chunks: laTn dropped, the twin as another kind of text, all of it behind the pixels."""
    ours: list[bytes] = []
    others: list[bytes] = []
    for kind, data in independent.png_chunks(path.read_bytes()):
        if kind == b"tEXt" and data.startswith(b"latentpng\0"):
            text = data.partition(b"\0")[2]
            forms = {b"tEXt": text, b"zTXt": b"\0" + zlib.compress(text), b"iTXt": b"\1\0\0\0" + zlib.compress(text)}
            ours.append(build(twin, b"latentpng\0" + forms[twin]))
        elif kind == b"laTn":
            ours += [build(kind, data)] if chunk else []
        elif kind not in TEXTS:
            others.append(build(kind, data))
    place = len(others) - 1 if behind else 1
    path.write_bytes(SIGNATURE + b"".join(others[:place] + ours + others[place:]))


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("twin", TEXTS)
@pytest.mark.parametrize("chunk", [False, True])
def test_every_carrier_is_read_wherever_a_tool_puts_it(tmp_path: Path, chunk: bool, twin: bytes, behind: bool) -> None:
    path = tmp_path / "a.png"
    write_picture(path, picture.WIDTH, picture.HEIGHT, picture.RGB, RECORD)
    moved(path, chunk=chunk, twin=twin, behind=behind)
    where = ", behind" if behind else ""
    assert leftovers(path) == Leftovers(
        chunk=f"laTn{where}" if chunk else "",
        twin=f"{twin.decode()}{where}",
        parameters="",
        inspected="chunk" if chunk else "twin",
        verified=ExitCode.OK,
        node=RECORD.node,
    )


def test_the_twin_is_the_metadata_and_what_the_header_said(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for record in (seeded_record((Round(seed=3, scale=0.5),)), tensor_record()):
        write_picture(path, SIDE, SIDE, RGB, record)
        chunks = list(independent.png_chunks(path.read_bytes()))
        latent = dict(chunks)[b"laTn"]
        metadata = json.loads(latent[72 : 72 + int.from_bytes(latent[8:12], "little")])
        (twin,) = (data for kind, data in chunks if kind == b"tEXt" and data.startswith(b"latentpng\0"))
        assert json.loads(twin.partition(b"\0")[2]) == metadata | {
            "digest": latent[36:68].hex(),
            "dims": [2, 8, 8],
            "dtype": "float16",
            "version": [1, 0],
        }


def test_our_text_alone_is_shown_as_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, text = tmp_path / "a.png", "a cat\nSteps: 4, Sampler: DDIM, Seed: 7, Variations: 1, Version: latentpng 1"
    path.write_bytes(png_of((b"tEXt", b"parameters\0" + text.encode())))
    assert main(["inspect", str(path)]) == 0
    assert capsys.readouterr() == (
        "carrier          parameters: the text of latentpng, without noise and lineage\n"
        "tool             latentpng\n"
        "prompt           a cat\n"
        "seed             7\n"
        "steps            4\n"
        "sampler          DDIM\n"
        "Variations       1\n",
        "",
    )
    assert main(["inspect", "--json", "--where", "carrier=parameters", "--where", "tool=latentpng", str(path)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "carrier": "parameters",
        "parameters": {
            "tool": "latentpng", "prompt": "a cat", "seed": "7", "steps": 4, "sampler": "DDIM",
            "extra": {"Variations": "1"},
        },
    }  # fmt: skip
    assert main(["import", str(path)]) == 2
    assert capsys.readouterr() == ("", f"latentpng: {path}: no metadata of a known tool was found\n")


def test_noise_from_elsewhere_is_gone_with_its_chunk_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_picture("from.png", SIDE, SIDE, RGB, tensor_record())
    (way,) = (way for way in WAYS if way.name == "Pillow save(pnginfo=)")
    way.run(Path("from.png"), Path("a.png"))
    gone = "the laTn chunk that stored its noise is missing, and no seed can rebuild it"
    assert main(["inspect", "a.png"]) == 0
    shown, _ = capsys.readouterr()
    assert shown.startswith("carrier          twin: noise not stored, cannot be rebuilt; version 1.0, ")
    assert 'root             tensor {"tool":"other"}\n' in shown
    assert main(["verify", "a.png"]) == 4
    assert main(["extract", "a.png"]) == 4
    assert main(["copy", "a.png", "from.png"]) == 4
    assert capsys.readouterr() == ("", f"latentpng: a.png: latent text at byte 33: {gone}\n" * 3)


def written(folder: Path) -> list[Path]:
    """One of each kind of file that we write: new, with a text beyond Latin-1, into others' files, stripped."""
    record = seeded_record((Round(seed=3, scale=0.5, of=4, marks=(2,)),))
    lunar = altered(record, settings={"prompt": "月\0 <\x1b[1m>\x85é"}, software={})
    paths = [folder / f"{number}.png" for number in range(7)]
    for path, each in zip(paths, (record, lunar, tensor_record(), RECORD), strict=False):
        if each is RECORD:
            write_picture(path, picture.WIDTH, picture.HEIGHT, picture.RGB, each)
        else:
            write_picture(path, SIDE, SIDE, RGB, each)
    palette = io.BytesIO()
    image = Image.frombytes("RGB", (SIDE, SIDE), RGB).convert("P")
    image.info["transparency"] = 0
    image.save(palette, "PNG")
    paths[4].write_bytes(palette.getvalue())
    embed_record(paths[4], record)
    foreign = encode_pixels(SIDE, SIDE, RGB)
    paths[5].write_bytes(foreign[:33] + build(b"tEXt", b"parameters\0a dog\nSteps: 3") + foreign[33:])
    embed_record(paths[5], lunar)
    strip(paths[0], paths[6])
    return paths


def test_a_strict_reader_accepts_every_file_we_write(tmp_path: Path) -> None:
    for path in written(tmp_path):
        assert problems(path.read_bytes()) == [], path.name


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda png: b"GIF" + png, ["signature"]),
        (lambda png: png[:-1], ["checksum or length of b'IEND'"]),
        (lambda png: png[:33] + build(b"lath", b"") + png[33:], ["type b'lath'"]),
        (lambda png: png[:33] + build(b"LaTn", b"") + png[33:], ["unknown critical b'LaTn'"]),
        (lambda png: png[:33] + build(b"laTn", b"") + png[33:], ["b'laTn' more than once"]),
        (lambda png: png + build(b"tEXt", b"k\0t"), ["IHDR first, IDAT, IEND last"]),
        (lambda png: png[:-12] + build(b"PLTE", b"123") + png[-12:], ["order"]),
        (lambda png: png[:-12] + build(b"tEXt", b"k\0t") + build(b"IDAT", b"") + png[-12:], ["order"]),
        (lambda png: png[:33] + build(b"tEXt", b" k\0t") + png[33:], ["keyword ' k'"]),
        (lambda png: png[:33] + build(b"tEXt", b"\n\0t") + png[33:], ["characters of keyword '\\n'"]),
        (lambda png: png[:33] + build(b"tEXt", b"k\0t\0") + png[33:], ["zero in the text 'k'"]),
        (lambda png: png[:33] + build(b"iTXt", b"k\0\0\0en\0\0t") + png[33:], ["fields of the text 'k'"]),
        (lambda png: png[:8] + build(b"IHDR", b"\0\0\0\x07" + png[20:29]) + png[33:], ["IHDR or the number of pixels"]),
        (lambda png: png[:33] + build(b"IDAT", zlib.compress((b"\5" + bytes(24)) * 8)) + png[-12:], ["filter"]),
    ],
)
def test_the_strict_reader_sees_what_is_wrong(
    tmp_path: Path, change: Callable[[bytes], bytes], found: list[str]
) -> None:
    write_picture(tmp_path / "a.png", SIDE, SIDE, RGB, seeded_record())
    assert problems(change((tmp_path / "a.png").read_bytes())) == found


def test_pngcheck_accepts_every_file_we_write(tmp_path: Path) -> None:
    if shutil.which("pngcheck") is None:
        pytest.skip("pngcheck is not installed")
    for path in written(tmp_path):
        ran = subprocess.run(["pngcheck", "-v", path], capture_output=True, text=True, timeout=60, check=False)
        assert (ran.returncode, ran.stdout.splitlines()[-1][:20]) == (0, "No errors detected i"), ran.stdout
