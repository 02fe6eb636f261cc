"""Files of every kind with changed bytes: they are read or refused in one sentence, and can be cleaned or not."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

from hypothesis import given, settings
from hypothesis import strategies as st

from latentpng.errors import UnreadableFileError
from latentpng.foreign.read import reading_of
from latentpng.png.chunks import build
from latentpng.png.clean import cleaned
from latentpng.png.texts import build_text
from tests.latentpng.foreign.containers.test_blocks import (
    MANIFEST,
    WITH_EXIF,
    WITH_MANIFEST,
    WITH_XMP,
    XMP,
    gif,
    records,
    resource,
)
from tests.support.foreign.samples_files import exif_of, jpeg_of, png
from tests.support.foreign.stealth import bits_of, hide, noisy, saved

EXIF = exif_of({0x010E: "a red boat", 0x010F: 'prompt:{"a":1}'}, {0x9286: b"UNICODE\0" + "ab".encode("utf-16-be")})
HIDDEN = hide(noisy("RGBA"), bits_of(b"a red boat", in_alpha=True, packed=True), in_alpha=True)
FILES = [
    *(write(EXIF) for write in WITH_EXIF.values()),
    *(write(XMP) for write in WITH_XMP.values()),
    *(write(MANIFEST) for write in WITH_MANIFEST.values()),
    jpeg_of([(0xED, b"Photoshop 3.0\0" + resource(0x0404, records((2, 120, b"a red boat"))))]),
    png([build_text("Raw profile type exif", "\nexif\n 3\n454647"), build(b"comf", b"prompt\0{}")]),
    gif(b"!\xfe\3abc\0"),
    saved(HIDDEN),
    saved(HIDDEN, "WEBP", lossless=True, exact=True),
    saved(HIDDEN.convert("RGB"), dpi=(72, 72)),
]
CHANGES = st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=8), st.integers(0, 40)), min_size=1, max_size=4)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(FILES), CHANGES)
def test_only_our_errors_come_out_of_changed_files(data: bytes, changes: list[tuple[int, bytes, int]]) -> None:
    for at, new, removed in changes:
        start = at % (len(data) + 1)
        data = data[:start] + new + data[start + removed :]
    for read in (reading_of, cleaned):
        problem = problem_of(read, data)
        assert problem == "" or (problem.startswith("a: ") and problem.isprintable())


def problem_of(read: Callable[[BinaryIO, int, str], object], data: bytes) -> str:
    """Return the message of the error of reading; "" without an error."""
    try:
        read(io.BytesIO(data), len(data), "a")
    except UnreadableFileError as error:
        return str(error)
    return ""
