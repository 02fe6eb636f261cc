"""Pixels are decoded some rows at a time: the same ones as Pillow decodes, in the memory of a few rows."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from latentpng.errors import UnreadableFileError
from latentpng.png import pixels
from latentpng.png.chunks import SIGNATURE, build
from latentpng.png.files import digest_of_picture, read_picture
from latentpng.png.pixels import pixel_digest
from tests.support.latentpng.pictures import chunk_data

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16)]
KINDS += [(6, 8), (6, 16)]
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
SMALL, LARGE = 64, 3000


def png(
    colour: int, depth: int, size: tuple[int, int], rows: bytes, *, interlaced: bool = False, more: bytes = b""
) -> bytes:
    header = build(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlaced))
    data = zlib.compress(rows, 9)
    pieces = b"".join(build(b"IDAT", data[at : at + 99_999]) for at in range(0, len(data), 99_999))
    return SIGNATURE + header + more + pieces + build(b"IEND", b"")


def random_rows(colour: int, depth: int, size: tuple[int, int], random: Random, *, interlaced: bool) -> bytes:
    """Return rows of random bytes, each with a random filter."""
    rows = b""
    for left, top, across, down in ADAM7 if interlaced else ((0, 0, 1, 1),):
        width, height = -(-(size[0] - left) // across), -(-(size[1] - top) // down)
        length = -(-width * CHANNELS[colour] * depth // 8)
        rows += b"".join(
            bytes([random.randrange(5)]) + random.randbytes(length) for _ in range(height if width > 0 else 0)
        )
    return rows


def decoded_by_pillow(data: bytes) -> tuple[int, int, bytes]:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        grey = image.convert("I").point(lambda value: value * (1 / 256)).convert("L") if image.mode == "I;16" else image
        return *image.size, grey.convert("RGB").tobytes()


@pytest.mark.parametrize(("colour", "depth"), KINDS)
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("strip_bytes", [1, 2**19])
def test_every_kind_of_pixels_is_what_pillow_decodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, colour: int, depth: int, interlaced: bool, strip_bytes: int
) -> None:
    monkeypatch.setattr(pixels, "_STRIP_BYTES", strip_bytes)
    random, path = Random(f"{colour} {depth} {interlaced}"), tmp_path / "a.png"
    for size in ((1, 1), (3, 5), (8, 8), (23, 17), (1, 40), (40, 1)):
        rows = random_rows(colour, depth, size, random, interlaced=interlaced)
        palette = build(b"PLTE", random.randbytes(3 * random.choice((1, 2, 2**depth)))) if colour == 3 else b""
        path.write_bytes(png(colour, depth, size, rows, interlaced=interlaced, more=palette))
        expected = decoded_by_pillow(path.read_bytes())
        assert read_picture(path) == expected
        assert digest_of_picture(path) == pixel_digest(expected[2])


@pytest.mark.parametrize(
    ("size", "interlaced", "rule"),
    [
        ((2**13, 2**13 + 1), False, "1 to 67108864 pixels are supported, found 8192 x 8193"),
        ((2**18 + 1, 1), False, "at most 262144 pixels in a row are supported, found 262145"),
        ((2**12, 2**12 + 1), True, "at most 16777216 interlaced pixels are supported, found 4096 x 4097"),
    ],
)
def test_larger_pictures_are_refused_by_their_header(
    tmp_path: Path, size: tuple[int, int], interlaced: bool, rule: str
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(2, 8, size, b"", interlaced=interlaced))
    with pytest.raises(UnreadableFileError) as caught:
        read_picture(path)
    assert str(caught.value) == f"{path}: {rule}"


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (b"\5\0\0\0", "a row has an unknown filter"),
        (b"\0\0\0", "they end too early"),
        (None, "Error -3 while decompressing data: incorrect header check"),
    ],
)
def test_damaged_rows_are_one_sentence(tmp_path: Path, rows: bytes | None, rule: str) -> None:
    path = tmp_path / "a.png"
    data = png(2, 8, (1, 1), rows or b"")
    if rows is None:
        data = data[:33] + build(b"IDAT", b"no zlib") + build(b"IEND", b"")
    path.write_bytes(data)
    with pytest.raises(UnreadableFileError) as caught:
        read_picture(path)
    assert str(caught.value) == f"{path}: its pixels cannot be decoded ({rule})"


def test_a_picture_without_its_palette_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for palette in (b"", build(b"PLTE", bytes(3 * 257))):
        path.write_bytes(png(3, 8, (1, 1), bytes(2), more=palette))
        with pytest.raises(UnreadableFileError, match=r": its pixels cannot be decoded \(it has no palette\)$"):
            read_picture(path)


COMMANDS = [["verify", "{0}"], ["diff", "{0}", "{0}"], ["copy", "{0}", "{1}", "--force"], ["strip", "--all", "{1}"]]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_no_command_holds_a_large_picture(tmp_path: Path, words: list[str]) -> None:
    """The picture of one colour is 27 MB of pixels in a file of 40 KB; Python, NumPy and Pillow are in the baseline."""
    peaks = []
    for side in (SMALL, LARGE):
        names = [str(tmp_path / f"{side}-{number}.png") for number in range(2)]
        for name in names:
            rows = (b"\0" + b"\7" * (3 * side)) * side
            Path(name).write_bytes(png(2, 8, (side, side), rows, more=build(b"laTn", chunk_data())))
        peaks.append(_peak_mib([word.format(*names) for word in words]))
    assert peaks[1] - peaks[0] < 12


def _peak_mib(words: list[str]) -> float:
    code = (
        "import sys; from latentpng.cli import main; from tests.campaigns.files.memory import peak_mib;"
        "code = main(sys.argv[1:]); print(peak_mib(), file=sys.stderr); sys.exit(code)"
    )
    ran = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return float(ran.stderr.splitlines()[-1])
