"""Text in the lowest bits of pixels: found, read within limits, and removed without changing anything else."""

from __future__ import annotations

import io
import zlib
from itertools import islice, pairwise

import numpy as np
import pytest
from PIL import Image

from latentpng.png.chunks import build
from latentpng.png.first_column import may_hide_text
from latentpng.png.scanlines import Strips
from latentpng.png.stealth import Hidden, Source
from latentpng.png.stealth import find_hidden as find_in
from latentpng.png.stealth import without_hidden as without_in
from tests.support.foreign.stealth import bits_of, hide, noisy, saved

TEXT = "a red boat, 月".encode()
HEAD = 8 * 15 + 32
PLACES = [("alpha", "RGBA"), ("colours", "RGBA"), ("colours", "RGB")]


def hidden_in(
    mode: str, channel: str, text: bytes = TEXT, *, packed: bool = False, size: tuple[int, int] = (60, 50)
) -> Image.Image:
    in_alpha = channel == "alpha"
    return hide(noisy(mode, *size), bits_of(text, in_alpha=in_alpha, packed=packed), in_alpha=in_alpha)


def source_of(picture: Image.Image) -> Source:
    """Return a picture in strips of a few rows."""
    values = np.asarray(picture)
    strips = [values[top : top + 7] for top in range(0, len(values), 7)]
    return lambda: Strips(picture.width, picture.height, values.shape[2], iter(strips))


def find_hidden(picture: Image.Image, limit: int) -> Hidden | None:
    return find_in(source_of(picture), limit)


def without_hidden(picture: Image.Image, hidden: Hidden) -> Image.Image:
    cleared = without_in(source_of(picture), hidden)()
    return Image.fromarray(np.concatenate(list(cleared.values)))


def may_hide(data: bytes, **options: int) -> bool:
    return may_hide_text(io.BytesIO(data), len(data), "a", **options)


@pytest.mark.parametrize(("channel", "mode"), PLACES)
@pytest.mark.parametrize("packed", [False, True])
def test_a_hidden_text_is_found(channel: str, mode: str, packed: bool) -> None:
    found = find_hidden(hidden_in(mode, channel, packed=packed), 1000)
    assert found is not None
    assert (found.channel, found.text) == (channel, TEXT.decode())
    assert find_hidden(noisy(mode), 1000) is None


@pytest.mark.parametrize(("channel", "mode"), PLACES)
def test_removing_it_changes_only_the_bits_where_it_stood(channel: str, mode: str) -> None:
    picture = hidden_in(mode, channel)
    found = find_hidden(picture, 1000)
    assert found == Hidden(channel, HEAD + 8 * len(TEXT), TEXT.decode())
    clean = without_hidden(picture, found)
    assert find_hidden(clean, 1000) is None
    assert (clean.mode, clean.size) == (picture.mode, picture.size)
    touched = found.bits if channel == "alpha" else found.bits // 3
    for x in range(picture.width):
        for y in range(picture.height):
            before, after = picture.getpixel((x, y)), clean.getpixel((x, y))
            assert isinstance(before, tuple)
            if x * picture.height + y > touched:
                assert before == after
            elif channel == "alpha":
                assert after == (*before[:3], before[3] | 1)
    if channel == "alpha":
        assert clean.getpixel((0, 0)) == (*noisy(mode).getpixel((0, 0))[:3], 255)  # type: ignore[index]


def test_an_opaque_picture_is_opaque_again() -> None:
    opaque = noisy("RGB")
    opaque.putalpha(255)
    picture = hide(opaque, bits_of(TEXT, in_alpha=True, packed=True), in_alpha=True)
    found = find_hidden(picture, 1000)
    assert found is not None
    assert without_hidden(picture, found).tobytes() == opaque.tobytes()


@pytest.mark.parametrize("length", [1, 7, 8 * 10**6, 2**32 - 8, 2**32 - 1])
def test_a_wrong_length_is_a_text_that_cannot_be_read(length: int) -> None:
    bits = [*islice(bits_of(b"", in_alpha=True, packed=False), 8 * 15), *map(int, f"{length:032b}")]
    picture = hide(noisy("RGBA"), iter(bits), in_alpha=True)
    found = find_hidden(picture, 1000)
    assert found is not None
    assert found.text is None
    assert find_hidden(without_hidden(picture, found), 1000) is None


def test_no_more_is_inflated_than_the_limit() -> None:
    bomb = b" " * 100_000
    for limit, text in ((len(bomb), bomb.decode()), (len(bomb) - 1, None)):
        found = find_hidden(hidden_in("RGBA", "alpha", bomb, packed=True), limit)
        assert found is not None
        assert found.text == text
    plain = find_hidden(hidden_in("RGBA", "alpha"), len(TEXT) - 1)
    assert plain is not None
    assert plain.text is None


def test_damaged_gzip_is_a_text_that_cannot_be_read() -> None:
    bits = list(bits_of(TEXT, in_alpha=True, packed=True))
    for at in (HEAD, HEAD + 100, len(bits) - 20):
        changed = [*bits[:at], 1 - bits[at], *bits[at + 1 :]]
        found = find_hidden(hide(noisy("RGBA"), iter(changed), in_alpha=True), 1000)
        assert found is not None
        assert found.text is None


@pytest.mark.parametrize(("channel", "mode"), PLACES)
@pytest.mark.parametrize("size", [(60, 50), (3, 200), (400, 7), (2000, 1)])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_the_first_column_shows_it_without_decoding(channel: str, mode: str, size: tuple[int, int], level: int) -> None:
    assert may_hide(saved(hidden_in(mode, channel, b"a", size=size), compress_level=level))


@pytest.mark.parametrize("kind", range(5))
def test_every_filter_of_a_row_is_undone(kind: int) -> None:
    """The rows are filtered by the formulas of the PNG specification."""
    picture = hidden_in("RGBA", "alpha")
    whole, step = picture.tobytes(), 4 * picture.width
    rows = [bytes(step), *(whole[at : at + step] for at in range(0, len(whole), step))]
    filtered = b"".join(
        bytes([kind, *((row[at] - predicted(kind, row, above, at)) & 255 for at in range(step))])
        for above, row in pairwise(rows)
    )
    plain = saved(picture)
    start = plain.index(b"IDAT") - 4
    data = plain[:start] + build(b"IDAT", zlib.compress(filtered)) + build(b"IEND", b"")
    assert Image.open(io.BytesIO(data)).tobytes() == whole
    assert may_hide(data)


def predicted(kind: int, row: bytes, above: bytes, at: int) -> int:
    left, corner = (row[at - 4], above[at - 4]) if at >= 4 else (0, 0)
    paeth = min((left, above[at], corner), key=lambda value: abs(left + above[at] - corner - value))
    return (0, left, above[at], (left + above[at]) // 2, paeth)[kind]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA", "I;16"])
def test_other_pictures_hide_nothing(mode: str) -> None:
    picture = noisy("RGBA") if mode == "RGBA" else noisy("RGB").convert("L" if mode == "I;16" else mode).convert(mode)
    assert not may_hide(saved(picture))


def test_a_picture_of_too_many_pixels_is_not_looked_at() -> None:
    data = saved(hidden_in("RGB", "colours"))
    assert may_hide(data, max_pixels=3000)
    assert not may_hide(data, max_pixels=2999)
    for width in (2**17, 2**17 + 1):
        wide = Image.new("RGB", (width, 1))
        wide.paste(hidden_in("RGB", "colours", size=(2000, 1)))
        assert may_hide(saved(wide)) == (width == 2**17)


def test_every_truncation_of_the_pixels_is_harmless() -> None:
    data = saved(hidden_in("RGBA", "alpha"))
    start = data.index(b"IDAT") + 4
    for end in range(start, len(data) - 16, 37):
        cut = data[: start - 8] + build(b"IDAT", data[start:end]) + build(b"IEND", b"")
        assert may_hide(cut) in (True, False)
