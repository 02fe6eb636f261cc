"""Wrong checksums of other tools' texts: tolerated in their files, corrected when a latent is added, damage in ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentpng.cli import main
from latentpng.errors import UnreadableFileError
from latentpng.png.chunks import build
from latentpng.png.files import embed_record, read_picture, read_record, strip
from latentpng.png.texts import build_text
from latentpng.reports.verify import verify_file
from tests.support.foreign.samples_files import png
from tests.support.foreign.samples_webui import A1111
from tests.support.latentpng.pictures import RGB, SIDE, seeded_record

TEXTS = [
    build_text("parameters", A1111.texts["parameters"]),
    build_text("prompt", "月"),
    build(b"eXIf", b"II*\0\x08\0\0\0\0\0"),
]


def wrong(chunk: bytes) -> bytes:
    return chunk[:-4] + bytes(4)


def with_texts(texts: list[bytes]) -> bytes:
    """Return a PNG with texts before the pixels, and the last one behind them as well."""
    data = png(texts)
    return data[:-12] + texts[-1] + data[-12:]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PNG whose texts have wrong checksums."""
    path = tmp_path / "a.png"
    path.write_bytes(with_texts([*map(wrong, TEXTS)]))
    return path


def test_pixels_beside_wrong_checksums_of_texts_are_read(path: Path) -> None:
    assert read_picture(path) == (SIDE, SIDE, RGB)


@pytest.mark.parametrize("kind", [b"pHYs", b"tIME", b"caBX"])
def test_other_wrong_checksums_are_damage(path: Path, kind: bytes) -> None:
    path.write_bytes(png([wrong(build(kind, b"x"))]))
    with pytest.raises(UnreadableFileError) as caught:
        read_picture(path)
    assert str(caught.value) == f"{path}: the checksum of chunk {kind.decode()} at 33 does not match"


def test_a_latent_is_added_with_right_checksums(path: Path) -> None:
    embed_record(path, seeded_record())
    assert read_record(path).node == seeded_record().node
    assert verify_file(path).problem == ""
    assert strip(path)
    assert path.read_bytes() == with_texts(TEXTS)


def test_a_wrong_checksum_beside_a_latent_is_damage(path: Path) -> None:
    path.write_bytes(png([TEXTS[1]]))
    embed_record(path, seeded_record())
    data = path.read_bytes()
    path.write_bytes(data.replace(TEXTS[1], wrong(TEXTS[1])))
    with pytest.raises(UnreadableFileError) as caught:
        read_picture(path)
    assert str(caught.value) == f"{path}: the checksum of chunk iTXt at 33 does not match"


def test_an_import_of_such_a_file_verifies(path: Path) -> None:
    out = path.with_name("b.png")
    assert main(["import", str(path), "--out", str(out)]) == 0
    assert verify_file(out).problem == ""
