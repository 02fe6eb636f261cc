"""`latentpng inspect` on many files: choosing, sorting, and the lines that it prints."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from latentpng.cli import main
from latentpng.foreign.containers import texts
from latentpng.png.chunks import build
from latentpng.png.pixels import encode_pixels
from latentpng.record import Json
from latentpng.reports import look
from latentpng.reports.fields import FIELDS
from latentpng.reports.show import json_line
from tests.support.foreign.samples_files import USER_COMMENT, exif_of, unicode_comment
from tests.support.foreign.samples_files import picture as other_picture
from tests.support.latentpng.files import changed, png_of, with_metadata
from tests.support.latentpng.folders import four_pictures
from tests.support.latentpng.pictures import RGB, SIDE, chunk_data

A1111 = "a dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64, Model: other, Version: v1.9.4"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: four different pictures."""
    four_pictures(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(out: str) -> list[str]:
    """Return the names of the files in JSON lines, without their suffix."""
    return [json.loads(line)["file"].removesuffix(".png") for line in out.splitlines()]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (["rounds>=3"], ["house"]),
        (["rounds<3"], ["cat", "tensor"]),
        (["rounds = 1"], ["cat", "tensor"]),
        (["rounds!=1"], ["house"]),
        (["prompt~LIGHTHOUSE"], ["house"]),
        (["prompt~a", "rounds<=1"], ["cat"]),
        (["prompt="], ["tensor"]),
        (["prompt!=a cat"], ["house", "tensor"]),
        (["model=embedded"], ["house"]),
        (["scheduler~ddi"], ["house"]),
        (["negative==FOG"], ["house"]),
        (["root=tensor"], ["tensor"]),
        (["seed=7"], ["cat", "house"]),
        (["seed!=7"], ["tensor"]),
        (["seed>7"], []),
        (["steps>4"], ["house"]),
        (["steps=4.0"], ["cat"]),
        (["guidance=2.5"], ["house"]),
        (["width>=64", "height=32"], ["house"]),
        (["scale<0.2"], ["house"]),
        (["dims=2x8x8", "carrier=chunk", "tool=latentpng"], ["cat", "house", "tensor"]),
        (["name~at"], ["cat"]),
        (["name>d"], ["house", "tensor"]),
        (["size>0"], ["cat", "house", "tensor"]),
        (["time>=2023-11-16T12:00"], ["cat"]),
        (["time<2023-11-15T12:00"], ["tensor"]),
        (["node~e"], ["cat", "house", "tensor"]),
    ],
)
@pytest.mark.usefixtures("folder")
def test_where_chooses(
    capsys: pytest.CaptureFixture[str],
    conditions: list[str],
    expected: list[str],
) -> None:
    words = [word for condition in conditions for word in ("--where", condition)]
    assert main(["inspect", "--json", ".", *words]) == 0
    out, err = capsys.readouterr()
    assert (names(out), err) == (expected, "")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["name"], ["cat", "house", "tensor"]),
        (["-name"], ["tensor", "house", "cat"]),
        (["time"], ["tensor", "house", "cat"]),
        (["-time"], ["cat", "house", "tensor"]),
        (["rounds"], ["cat", "tensor", "house"]),
        (["-rounds"], ["house", "cat", "tensor"]),
        (["steps"], ["cat", "house", "tensor"]),
        (["-steps"], ["house", "cat", "tensor"]),
        (["-model"], ["house", "cat", "tensor"]),
        (["prompt"], ["cat", "house", "tensor"]),
    ],
)
@pytest.mark.usefixtures("folder")
def test_sort_puts_files_without_the_field_last(
    capsys: pytest.CaptureFixture[str],
    order: list[str],
    expected: list[str],
) -> None:
    assert main(["inspect", "--json", ".", "--sort", *order]) == 0
    assert names(capsys.readouterr().out) == expected


KNOWN = f"the fields are {', '.join(FIELDS)}"

DATE = "the value of this field is a date such as 2025-01-31 or 2025-01-31T18:00"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--where", "colour=red"], f"--where colour=red: there is no field 'colour'; {KNOWN}"),
        (["--where", "rounds"], "--where rounds: a condition is a field, one of = != < <= > >= ~, and a value"),
        (["--where", "rounds>=many"], "--where rounds>=many: the value of this field is a number, found 'many'"),
        (["--where", "scale=nan"], "--where scale=nan: the value of this field is a number, found 'nan'"),
        (["--where", "rounds~1"], "--where rounds~1: ~ needs a text, and the field rounds is a number"),
        (["--where", "time>now"], f"--where time>now: {DATE}, found 'now'"),
        (["--sort", "colour"], f"--sort: there is no field 'colour'; {KNOWN}"),
        (["--sort", "--name"], f"--sort: there is no field '-name'; {KNOWN}"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_wrong_condition_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    assert main(["inspect", ".", *arguments]) == 2
    assert capsys.readouterr() == ("", f"latentpng: {message}\n")


def test_help_lists_the_fields(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["inspect", "--help"])
    told = capsys.readouterr().out.partition("fields of --where")[2].replace(",", " ").replace(":", " ").split()
    assert set(FIELDS) <= set(told)


def test_short_is_one_line_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "newer.png").write_bytes(png_of((b"laTn", changed(chunk_data(), 4, b"\2"))))
    assert main(["inspect", "--short", "."]) == 6
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "cat.png  seed 7, 1 round, 2 x 8 x 8, 4 steps: a cat",
        "house.png  seed 7, 3 rounds, 2 x 8 x 8, Embedded, DDIM, 20 steps: A Lighthouse",
        "newer.png  needs a newer version of latentpng",
        "tensor.png  tensor, 1 round, 2 x 8 x 8",
    ]
    assert err == "latentpng: newer.png: a newer version of latentpng is needed: only version 1 is supported, found 2\n"


@pytest.mark.usefixtures("folder")
def test_a_folder_shows_all_of_each_file_unless_asked_otherwise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["inspect", "."]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line for line in out if line.startswith("=")] == [
        "======== cat.png", "======== house.png", "======== tensor.png"
    ]  # fmt: skip
    assert "negative_prompt  fog" in out


def test_recursive_goes_into_subfolders_and_not_through_links(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "b" / "deep.png").mkdir(parents=True)
    (folder / "b" / ".hidden").mkdir()
    (folder / "b" / "loop").symlink_to("..")
    for name in ("b/x.png", "b/deep.png/y.png", "b/.hidden/z.png"):
        (folder / name).write_bytes((folder / "cat.png").read_bytes())
    assert main(["inspect", "--json", "."]) == 0
    assert names(capsys.readouterr().out) == ["cat", "house", "tensor"]
    assert main(["inspect", "--json", "-r", "."]) == 0
    assert names(capsys.readouterr().out) == ["cat", "house", "tensor", "b/x", "b/deep.png/y"]
    assert main(["verify", "-r", "b/"]) == 0
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["b/x.png", "b/deep.png/y.png"]


@pytest.mark.usefixtures("folder")
def test_lines_come_as_files_are_read_and_sorted_ones_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, written = look.look, io.StringIO()
    seen: list[int] = []

    def watched(file: str) -> look.PictureInfo:
        seen.append(written.getvalue().count("\n"))
        return read(file)

    monkeypatch.setattr(look, "look", watched)
    monkeypatch.setattr(sys, "stdout", written)
    assert main(["inspect", "--short", "cat.png", "house.png", "tensor.png"]) == 0
    assert main(["inspect", "--short", "--sort", "name", "cat.png", "house.png", "tensor.png"]) == 0
    assert seen == [0, 1, 2, 3, 3, 3]


def test_the_line_of_json_is_the_same_whichever_way_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    data = chunk_data()
    metadata = data[72 : 72 + int.from_bytes(data[8:12], "little")]
    found = []
    spaced = [metadata.replace(b",", b"," + space) for space in (b"\n", b"\r", b"\t", b" ")]
    for text in (metadata, b" " + metadata, *spaced):
        path.write_bytes(png_of((b"laTn", with_metadata(chunk_data(), text))))
        seen = look.look(path)
        assert seen.front is not None
        line = json_line(seen.front, "\x7f月\udcff.png")
        assert line.isascii()
        assert line.isprintable()
        found.append({key: value for key, value in json.loads(line).items() if key != "chunk_bytes"})
    assert found == [found[0]] * 6
    path.write_bytes(png_of((b"laTn", with_metadata(chunk_data(), metadata.replace(b"a cat", b"a\x7fcat")))))
    seen = look.look(path)
    assert seen.front is not None
    assert '"prompt":"a\\u007fcat"' in json_line(seen.front)
    assert found[0]["file"] == "\x7f月?.png"


def test_a_folder_that_cannot_be_read_is_reported_and_the_others_are_read(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "b").mkdir()
    scan = os.scandir

    def locked(path: str) -> object:
        if path == "b":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", locked)
    assert main(["inspect", "--json", "-r", "."]) == 3
    out, err = capsys.readouterr()
    assert names(out) == ["cat", "house", "tensor"]
    assert err == "latentpng: b: it cannot be read (Permission denied)\n"
    assert main(["inspect", "b"]) == 3
    assert capsys.readouterr() == ("", "latentpng: b: it cannot be read (Permission denied)\n")


def with_text(data: bytes, text: str, *, behind: bool = False) -> bytes:
    """Return a PNG with the metadata of a web UI, before the pixels or behind them."""
    chunk = build(b"tEXt", b"parameters\0" + text.encode())
    return data[:-12] + chunk + data[-12:] if behind else data[:33] + chunk + data[33:]


FOREIGN: dict[str, Json] = {
    "guidance": 7.0, "height": 64, "model": "other", "prompt": "a dog", "sampler": "Euler a", "seed": "5",
    "steps": 20, "tool": "a1111", "version": "v1.9.4", "width": 64,
}  # fmt: skip


def test_other_tools_pictures_are_shown_and_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "dog.png").write_bytes(with_text(encode_pixels(SIDE, SIDE, RGB), A1111))
    (folder / "dog.jpg").write_bytes(other_picture("JPEG", exif_of({}, {USER_COMMENT: unicode_comment(A1111)})))
    (folder / "photo.JPEG").write_bytes(other_picture("JPEG"))
    assert main(["inspect", "--json", "--where", "tool=a1111", "."]) == 0
    out, err = capsys.readouterr()
    shown = [json.loads(line) for line in out.splitlines()]
    assert shown == [{"carrier": "foreign", "file": name, "foreign": FOREIGN} for name in ("dog.jpg", "dog.png")]
    assert err == ""
    assert main(["inspect", "--short", "--where", "seed=5", "--where", "model=OTHER", "."]) == 0
    line = "a1111, seed 5, other, Euler a, 20 steps: a dog"
    assert capsys.readouterr().out.splitlines() == [f"dog.jpg  {line}", f"dog.png  {line}"]
    assert main(["inspect", "--short", "--where", "rounds>=0", "--sort", "rounds", "dog.png", "cat.png"]) == 0
    assert capsys.readouterr().out.splitlines() == ["cat.png  seed 7, 1 round, 2 x 8 x 8, 4 steps: a cat"]
    assert main(["inspect", "dog.jpg"]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "carrier          foreign: metadata of another tool",
        "tool             Stable Diffusion web UI v1.9.4",
        "prompt           a dog",
    ]
    (folder / "cut.jpg").write_bytes((folder / "dog.jpg").read_bytes()[:100])
    assert main(["inspect", "cut.jpg"]) == 3
    assert capsys.readouterr().err.startswith("latentpng: cut.jpg: ")
    assert main(["inspect", "photo.JPEG"]) == 4
    assert capsys.readouterr().err == "latentpng: photo.JPEG: it carries no latent and no metadata of another tool\n"


def test_a_latent_with_another_tools_text_shows_both(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    latent = build(b"laTn", chunk_data())
    plain = encode_pixels(SIDE, SIDE, RGB)
    (folder / "both.png").write_bytes(with_text(plain[:33] + latent + plain[33:], A1111))
    assert main(["inspect", "--json", "cat.png"]) == 0
    assert "foreign" not in json.loads(capsys.readouterr().out)
    assert main(["inspect", "--json", "both.png"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["foreign"], shown["root"], shown["carrier"]) == (FOREIGN, {"seed": "7"}, "chunk")
    assert main(["inspect", "both.png"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out.index("root             seed 7") < out.index("tool             Stable Diffusion web UI v1.9.4")


def test_a_cut_file_still_shows_the_latent_in_its_front(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    latent = build(b"laTn", chunk_data())
    plain = encode_pixels(SIDE, SIDE, RGB)
    whole = with_text(plain[:33] + latent + plain[33:], A1111)
    (folder / "cut.png").write_bytes(whole[:-6])
    assert main(["inspect", "--short", "cut.png"]) == 0
    assert capsys.readouterr().out == "cut.png  seed 7, 1 round, 2 x 8 x 8, 4 steps: a cat\n"
    (folder / "cut.png").write_bytes(with_text(plain, A1111)[:-6])
    assert main(["inspect", "--short", "cut.png"]) == 3


def test_texts_of_latentpng_need_no_second_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "texts_of", None)
    for name in ("cat", "house", "tensor"):
        seen = look.look(folder / f"{name}.png")
        assert seen.front is not None
        assert seen.foreign is None
