"""Text in the pixels of a picture: it counts when no other text is understood, and is looked for where it can be."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from latentpng.errors import NoLatentError
from latentpng.foreign.containers import hidden
from latentpng.foreign.containers.found import FoundTexts
from latentpng.foreign.containers.hidden import hidden_text
from latentpng.foreign.read import read_foreign, reading_of
from latentpng.png.chunks import build
from latentpng.reports.look import look
from tests.support.foreign.samples import NOVELAI_TEXTS
from tests.support.foreign.samples_webui import A1111
from tests.support.foreign.stealth import bits_of, hide, noisy, saved
from tests.support.latentpng.pictures import chunk_data

TEXT = A1111.texts["parameters"]
SAVED: dict[str, dict[str, object]] = {"PNG": {}, "WEBP": {"lossless": True, "exact": True}, "AVIF": {"quality": 100}}


def with_text(text: str, mode: str = "RGBA", *, in_alpha: bool = True, packed: bool = True) -> Image.Image:
    return hide(noisy(mode, 120, 120), bits_of(text.encode(), in_alpha=in_alpha, packed=packed), in_alpha=in_alpha)


def hidden_in(data: bytes) -> FoundTexts:
    return hidden_text(io.BytesIO(data), len(data), "a")


@pytest.mark.parametrize(
    ("kind", "mode", "place"),
    [
        ("PNG", "RGBA", "alpha channel"), ("PNG", "RGBA", "colours"), ("PNG", "RGB", "colours"),
        ("WEBP", "RGBA", "alpha channel"), ("WEBP", "RGB", "colours"), ("AVIF", "RGBA", "alpha channel"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_a_hidden_text_is_read_and_its_place_is_told(kind: str, mode: str, place: str, packed: bool) -> None:
    in_alpha = place == "alpha channel"
    data = saved(with_text(TEXT, mode, in_alpha=in_alpha, packed=packed), kind, **SAVED[kind])
    found = hidden_in(data)
    assert (dict(found.texts), found.notes) == ({"parameters": TEXT}, (f"its text was hidden in the {place}",))
    record = reading_of(io.BytesIO(data), len(data), "a").record
    assert (record.seed, record.notes) == (A1111.record.seed, found.notes)


def test_the_alpha_of_a_lossy_webp_is_exact() -> None:
    data = saved(with_text(TEXT), "WEBP", quality=50, alpha_quality=100)
    assert b"ALPH" in data
    assert hidden_in(data).texts["parameters"] == TEXT


def test_members_of_a_hidden_object_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(saved(with_text(json.dumps({**NOVELAI_TEXTS, "Generation time": 1.5}))))
    record = read_foreign(path)
    assert (record.tool, record.prompt, record.seed) == ("novelai", "a red boat", 3141592)


def test_a_text_that_is_understood_counts_before_a_hidden_one(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    data = saved(with_text(TEXT.replace("4294967295", "7")))
    path.write_bytes(data)
    assert read_foreign(path).seed == 7
    for keyword, seed in ((b"Title", 7), (b"parameters", 4294967295)):
        path.write_bytes(data[:33] + build(b"tEXt", keyword + b"\0" + TEXT.encode()) + data[33:])
        assert read_foreign(path).seed == seed


def test_pixels_of_our_own_pictures_are_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidden, "may_hide_text", None)
    path = tmp_path / "a.png"
    data = saved(with_text(TEXT))
    ours = [build(b"laTn", chunk_data()), build(b"tEXt", b"Title\0x")]
    path.write_bytes(data[:33] + b"".join(ours) + data[33:])
    assert look(path).foreign is None


@pytest.mark.parametrize(
    "data",
    [
        saved(noisy("RGB")),
        saved(noisy("RGBA"), "WEBP", lossless=True),
        saved(noisy("RGB"), "WEBP", quality=50),
        saved(noisy("RGB"), "AVIF"),
        saved(noisy("RGBA"), "AVIF"),
        saved(noisy("RGB"), "JPEG"),
        saved(noisy("L"), "GIF"),
        b"",
    ],
)
def test_pictures_without_a_hidden_text_have_none(data: bytes) -> None:
    assert hidden_in(data) == FoundTexts()


def test_only_pictures_that_keep_the_lowest_bits_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidden, "_decoded", None)
    for picture, kind in ((noisy("RGB"), "WEBP"), (noisy("RGB"), "AVIF"), (noisy("RGBA"), "PNG")):
        assert hidden_in(saved(picture, kind)) == FoundTexts()


def test_a_hidden_text_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    bits = list(bits_of(TEXT.encode(), in_alpha=True, packed=True))
    bits[-40] ^= 1
    data = saved(hide(noisy("RGBA", 120, 120), iter(bits), in_alpha=True))
    found = hidden_in(data)
    note = "a text is hidden in the alpha channel, but it is damaged or longer than the 8,388,608 bytes that are read"
    assert (dict(found.texts), found.notes) == ({}, (note,))
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(NoLatentError) as caught:
        look(path)
    assert str(caught.value) == f"{path}: it carries no latent and no metadata of another tool; {note}"


@pytest.mark.parametrize("kind", SAVED)
def test_no_text_is_looked_for_in_very_many_pixels(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(with_text(TEXT), kind, **SAVED[kind])
    monkeypatch.setattr(hidden, "MAX_PIXELS", 120 * 120)
    assert hidden_in(data).texts
    monkeypatch.setattr(hidden, "MAX_PIXELS", 120 * 120 - 1)
    assert hidden_in(data) == FoundTexts()


@pytest.mark.parametrize("kind", SAVED)
def test_pixels_that_cannot_be_decoded_hide_nothing(kind: str) -> None:
    data = saved(with_text(TEXT), kind, **SAVED[kind])
    for end in range(64, len(data), len(data) // 40):
        assert set(hidden_in(data[:end]).texts) <= {"parameters"}


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_a_tiny_file_of_many_pixels_is_not_decoded(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(with_text(TEXT), kind, **SAVED[kind])
    monkeypatch.setattr(hidden, "MAX_DECODED", 120 * 120 - 1)
    assert hidden_in(data) == FoundTexts()
