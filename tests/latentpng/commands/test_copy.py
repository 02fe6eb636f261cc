"""`latentpng copy` puts a latent into edited, resized and re-encoded copies of its picture."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import latentpng
from latentpng.cli import main
from latentpng.noise.replay import digest
from latentpng.png.chunks import build
from latentpng.png.files import embed_record, pixel_digest, read_record, write_picture
from latentpng.png.pixels import encode_pixels
from latentpng.record import LatentRecord, Round
from tests.support.latentpng import independent
from tests.support.latentpng.files import changed, png_of
from tests.support.latentpng.pictures import RGB, SIDE, altered, seeded_record, tensor_record
from tests.support.latentpng.strict_png import problems

STEP = Round(seed=3, scale=0.5, of=4, marks=(2,))
RECORD = altered(seeded_record((STEP,)), extra={"x-mine": [1]})
OTHER = bytes(reversed(RGB))
REPLACED = "latentpng: to.png: it carries a different latent already; add --force to replace it\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: from.png has a latent, to.png has other pixels and no latent."""
    write_picture(tmp_path / "from.png", SIDE, SIDE, RGB, RECORD)
    (tmp_path / "to.png").write_bytes(encode_pixels(SIDE, SIDE, OTHER))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(record: LatentRecord) -> tuple[object, ...]:
    """Return everything that a record holds except the digest of the pixels."""
    return (altered(record, pixels=""), digest(record.tensor))


@pytest.mark.parametrize("record", [RECORD, tensor_record()], ids=["seed", "tensor"])
def test_an_edited_copy_gets_everything_but_the_digest_of_other_pixels(
    folder: Path, capsys: pytest.CaptureFixture[str], record: LatentRecord
) -> None:
    write_picture("from.png", SIDE, SIDE, RGB, record)
    before = (folder / "from.png").read_bytes()
    assert main(["copy", "from.png", "to.png"]) == 0
    copied = read_record("to.png")
    assert said(copied) == said(record)
    assert copied.pixels == ""
    assert (folder / "from.png").read_bytes() == before
    assert main(["verify", "to.png"]) == 0
    line = "to.png: good (noise of 2 x 8 x 8, lineage of 1 round, pixels readable, not recorded)\n"
    assert capsys.readouterr() == (line, "")
    assert main(["strip", "to.png"]) == 0
    assert (folder / "to.png").read_bytes() == encode_pixels(SIDE, SIDE, OTHER)


def test_a_copy_with_the_same_pixels_keeps_their_digest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Image.open("from.png") as image:
        image.convert("RGBA").save("to.png", optimize=True)
    assert main(["copy", "from.png", "to.png"]) == 0
    assert read_record("to.png").pixels == pixel_digest(RGB)
    assert main(["verify", "to.png"]) == 0
    assert capsys.readouterr().out == "to.png: good (noise of 2 x 8 x 8, lineage of 1 round, pixels)\n"
    assert problems((folder / "to.png").read_bytes()) == []


@pytest.mark.usefixtures("folder")
def test_a_resized_copy_carries_the_noise_in_its_first_size() -> None:
    with Image.open("from.png") as image:
        image.resize((3 * SIDE, SIDE)).save("to.png")
    assert main(["copy", "from.png", "to.png"]) == 0
    assert said(read_record("to.png")) == said(RECORD)


def test_all_three_carriers_are_copied_in_order(folder: Path) -> None:
    assert main(["copy", "from.png", "to.png"]) == 0
    carriers = [
        [chunk for chunk in independent.png_chunks((folder / name).read_bytes()) if chunk[0] != b"IDAT"]
        for name in ("from.png", "to.png")
    ]
    kinds = [[kind for kind, _ in chunks] for chunks in carriers]
    assert kinds[0] == kinds[1] == [b"IHDR", b"tEXt", b"tEXt", b"laTn", b"IEND"]
    assert carriers[0][1] == carriers[1][1]
    assert carriers[0][1][1].startswith(b"parameters\0a cat\n")


def test_parameters_of_another_tool_stay_and_those_of_latentpng_are_not_added(folder: Path) -> None:
    png = (folder / "to.png").read_bytes()
    (folder / "to.png").write_bytes(png[:33] + build(b"tEXt", b"parameters\0a dog") + png[33:])
    assert main(["copy", "from.png", "to.png"]) == 0
    chunks = list(independent.png_chunks((folder / "to.png").read_bytes()))
    assert [kind for kind, _ in chunks] == [b"IHDR", b"tEXt", b"tEXt", b"laTn", b"IDAT", b"IEND"]
    assert chunks[1] == (b"tEXt", b"parameters\0a dog")


def test_the_twin_is_enough_to_copy_from_and_a_copy_onto_itself_mends(folder: Path) -> None:
    whole = (folder / "from.png").read_bytes()
    latent = next(data for kind, data in independent.png_chunks(whole) if kind == b"laTn")
    (folder / "from.png").write_bytes(whole.replace(build(b"laTn", latent), b""))
    assert main(["copy", "from.png", "to.png"]) == 0
    assert said(read_record("to.png")) == said(RECORD)
    assert main(["copy", "from.png", "from.png"]) == 0
    assert (folder / "from.png").read_bytes() == whole


def test_a_copy_of_the_copy_is_written_elsewhere(folder: Path) -> None:
    before = (folder / "to.png").read_bytes()
    assert main(["copy", "from.png", "to.png", "-o", "new.png"]) == 0
    assert (folder / "to.png").read_bytes() == before
    assert said(read_record("new.png")) == said(RECORD)
    code = [sys.executable, "-m", "latentpng", "copy", "-", "to.png", "-o", "-"]
    environment = {**os.environ, "PYTHONPATH": str(Path(latentpng.__file__).parents[1])}
    with (folder / "from.png").open("rb") as source:
        ran = subprocess.run(code, stdin=source, capture_output=True, env=environment, timeout=60, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, (folder / "new.png").read_bytes(), b"")


def test_a_different_latent_is_replaced_by_force_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = {
        "another noise": seeded_record(),
        "another prompt": altered(RECORD, settings={"prompt": "a dog"}),
        "another key": altered(RECORD, extra={}),
    }
    for name, record in others.items():
        embed_record("to.png", record)
        before = (folder / "to.png").read_bytes()
        assert main(["copy", "from.png", "to.png"]) == 9, name
        assert main(["copy", "from.png", "to.png", "-o", "new.png"]) == 9, name
        assert capsys.readouterr() == ("", REPLACED * 2)
        assert (folder / "to.png").read_bytes() == before
        assert not (folder / "new.png").exists()
        assert main(["copy", "from.png", "to.png", "--force"]) == 0
        assert said(read_record("to.png")) == said(RECORD)


def test_the_same_latent_is_renewed_without_force(folder: Path) -> None:
    embed_record("to.png", altered(RECORD, pixels="0" * 64))
    assert main(["copy", "from.png", "to.png"]) == 0
    once = (folder / "to.png").read_bytes()
    assert read_record("to.png").pixels == ""
    assert main(["copy", "from.png", "to.png"]) == 0
    assert (folder / "to.png").read_bytes() == once


def test_an_unreadable_latent_counts_as_different(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = (folder / "from.png").read_bytes()
    latent = next(data for kind, data in independent.png_chunks(good) if kind == b"laTn")
    for broken in (latent[:-1], changed(latent, 4, b"\2"), changed(latent, 17, b"\2")):
        (folder / "to.png").write_bytes(png_of((b"laTn", broken)))
        assert main(["copy", "from.png", "to.png"]) == 9
        assert capsys.readouterr() == ("", REPLACED)
        assert main(["copy", "from.png", "to.png", "--force"]) == 0
        assert said(read_record("to.png")) == said(RECORD)


def test_a_signature_is_warned_about_before_the_file_changes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    png = (folder / "to.png").read_bytes()
    (folder / "to.png").write_bytes(png[:33] + build(b"caBX", b"manifest") + png[33:])
    warning = "latentpng: to.png: this picture has a C2PA signature, which is not valid for the new file\n"
    assert main(["copy", "from.png", "to.png", "-o", "no/new.png"]) == 9
    unwritten = "latentpng: no/new.png: it cannot be written (No such file or directory)\n"
    assert capsys.readouterr() == ("", warning + unwritten)
    assert main(["copy", "from.png", "to.png", "-o", "new.png"]) == 0
    assert main(["copy", "from.png", "to.png"]) == 0
    assert capsys.readouterr() == ("", warning * 2)
    assert (folder / "to.png").read_bytes() == (folder / "new.png").read_bytes()
    assert b"manifest" in (folder / "to.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["no.png", "to.png"], 3, "no.png: it cannot be read (No such file or directory)"),
        (["from.png", "no.png"], 3, "no.png: it cannot be read (No such file or directory)"),
        (["to.png", "from.png"], 4, "to.png: it carries no latent"),
        (["from.png", "-"], 2, "-: standard input cannot be used here; name a file"),
        (["from.png", "text.png"], 3, "text.png: it is not a PNG"),
        (["from.png", "empty.png"], 3, "empty.png: its pixels cannot be decoded (they end too early)"),
        (
            ["from.png", "to.png", "-o", "from.png"],
            9,
            "from.png: this file exists already; choose another --out, or add --force to replace it",
        ),
        (["from.png", "to.png", "-o", "no/x.png"], 9, "no/x.png: it cannot be written (No such file or directory)"),
    ],
)
def test_each_error_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    (folder / "text.png").write_text("no picture")
    png = (folder / "to.png").read_bytes()
    (folder / "empty.png").write_bytes(png[:33] + png[-12:])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["copy", *arguments]) == code
    assert capsys.readouterr() == ("", f"latentpng: {message}\n")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
