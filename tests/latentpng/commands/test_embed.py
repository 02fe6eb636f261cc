"""`latentpng embed` puts the noise that a picture was rendered from into its existing PNG."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from latentpng.arrays import tensor_file
from latentpng.cli import main
from latentpng.noise.gauss1 import gauss1
from latentpng.noise.replay import ancestor_noise
from latentpng.png.chunks import build
from latentpng.png.files import embed_record, pixel_digest, read_record
from latentpng.png.pixels import encode_pixels
from latentpng.record import TensorRoot
from tests.support.latentpng import independent
from tests.support.latentpng.pictures import RGB, SIDE, seeded_record
from tests.support.latentpng.strict_png import problems

NOISE = gauss1(5, 0, 2 * 4 * 6).reshape(2, 4, 6).astype(np.float16)
PNG = encode_pixels(SIDE, SIDE, RGB)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a picture a.png and its noise x.npy."""
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "x.npy").write_bytes(tensor_file(NOISE, "CHW", ".npy"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_noise_is_the_root_and_the_pixels_are_recorded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--settings", '{"prompt": "a cat", "steps": 4}', "--source", "my own sampler"]
    assert main(["embed", "a.png", "--noise", "x.npy", *arguments]) == 0
    record = read_record("a.png")
    assert ancestor_noise(record, 0).tobytes() == NOISE.tobytes()
    assert record.lineage.root == TensorRoot(source={"note": "my own sampler"})
    assert record.lineage.rounds == ()
    assert (record.axes, record.settings, record.software) == ("CHW", {"prompt": "a cat", "steps": 4}, {})
    assert record.pixels == pixel_digest(RGB)
    assert independent.sha256([float(value) for value in NOISE.ravel()]) == record.node
    assert main(["verify", "a.png"]) == 0
    assert capsys.readouterr() == ("a.png: good (noise of 2 x 4 x 6, lineage of 0 rounds, pixels)\n", "")
    assert problems((folder / "a.png").read_bytes()) == []
    assert main(["extract", "a.png", "-o", "y.npy"]) == 0
    assert (folder / "y.npy").read_bytes() == (folder / "x.npy").read_bytes()
    assert main(["strip", "a.png"]) == 0
    assert (folder / "a.png").read_bytes() == PNG


def test_metadata_holds_only_what_was_given(folder: Path) -> None:
    assert main(["embed", "a.png", "--noise", "x.npy"]) == 0
    chunks = dict(independent.png_chunks((folder / "a.png").read_bytes()))
    latent = chunks[b"laTn"]
    node = independent.sha256([float(value) for value in NOISE.ravel()])
    assert json.loads(latent[72 : 72 + int.from_bytes(latent[8:12], "little")]) == {
        "base": 0,
        "node": node,
        "noise": "gauss1",
        "pixels": pixel_digest(RGB),
        "root": {"tensor": True},
        "rounds": [],
    }
    assert chunks[b"tEXt"].startswith(b"latentpng\0{")


def test_axes_come_from_the_option_the_noise_file_or_the_default(folder: Path) -> None:
    (folder / "x.safetensors").write_bytes(tensor_file(NOISE, "HWC", ".safetensors"))
    for noise, named, axes in (
        ("x.npy", [], "CHW"),
        ("x.npy", ["--axes", "HWC"], "HWC"),
        ("x.safetensors", [], "HWC"),
        ("x.safetensors", ["--axes", "ABC"], "ABC"),
    ):
        assert main(["embed", "a.png", "--noise", noise, *named, "-o", "b.png", "-f"]) == 0
        assert read_record("b.png").axes == axes


def test_settings_come_from_a_file_as_people_write_it(folder: Path) -> None:
    (folder / "settings.json").write_bytes('\ufeff{\n  "prompt": "月😀",\n  "steps": 4\n}\n'.encode())
    assert main(["embed", "a.png", "--noise", "x.npy", "--settings", "settings.json"]) == 0
    assert read_record("a.png").settings == {"prompt": "月😀", "steps": 4}


def test_rounding_and_unlikely_statistics_are_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = np.array([-14.1, 14.1] * 24).reshape(2, 4, 6)
    np.save("x.npy", values)
    assert main(["embed", "a.png", "--noise", "x.npy"]) == 0
    assert capsys.readouterr() == (
        "",
        "latentpng: x.npy: float64 was rounded to float16, the precision of the format\n"
        "latentpng: x.npy: this does not look like unit noise: mean 0 and standard deviation 1 expected, "
        "found 0 and 14.1\n",
    )
    expected = [independent.half(float(value)) for value in values.ravel()]
    assert read_record(folder / "a.png").tensor.ravel().tolist() == expected


def test_a_different_latent_is_replaced_by_force_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    embed_record("a.png", seeded_record())
    before = (folder / "a.png").read_bytes()
    assert main(["embed", "a.png", "--noise", "x.npy"]) == 9
    assert capsys.readouterr() == (
        "",
        "latentpng: a.png: it carries a different latent already; add --force to replace it\n",
    )
    assert (folder / "a.png").read_bytes() == before
    assert main(["embed", "a.png", "--noise", "x.npy", "--force"]) == 0
    once = (folder / "a.png").read_bytes()
    assert main(["embed", "a.png", "--noise", "x.npy"]) == 0
    assert (folder / "a.png").read_bytes() == once


def test_a_copy_is_written_and_standard_output_is_one(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["embed", "a.png", "--noise", "x.npy", "-o", "b.png"]) == 0
    assert (folder / "a.png").read_bytes() == PNG
    assert main(["embed", "a.png", "--noise", "x.npy", "-o", "-"]) == 0
    assert capfdbinary.readouterr() == ((folder / "b.png").read_bytes(), b"")


def test_a_signature_is_warned_about(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.png").write_bytes(PNG[:33] + build(b"caBX", b"manifest") + PNG[33:])
    warning = "latentpng: a.png: this picture has a C2PA signature, which is not valid for the new file\n"
    for output in (["-o", "b.png"], ["-o", "no/b.png"], []):
        main(["embed", "a.png", "--noise", "x.npy", *output])
    assert capsys.readouterr().err == (
        f"{warning}{warning}latentpng: no/b.png: it cannot be written (No such file or directory)\n{warning}"
    )
    assert (folder / "a.png").read_bytes() == (folder / "b.png").read_bytes() != PNG


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["no.png", "--noise", "x.npy"], 3, "no.png: it cannot be read (No such file or directory)"),
        (["a.png", "--noise", "no.npy"], 3, "no.npy: it cannot be read (No such file or directory)"),
        (["a.png", "--noise", "a.png"], 3, "a.png: it is neither .npy nor .safetensors"),
        (["-", "--noise", "x.npy"], 2, "-: standard input cannot be used here; name a file"),
        (["a.png", "--noise", "x.npy", "--axes", "HW"], 2,
         "a.png: axes name each of the 3 dimensions by a capital letter or 1, found 'HW'"),
        (["a.png", "--noise", "x.npy", "--settings", "{"], 2,
         "a.png: --settings: JSON needed, found an error at 1 "
         "(Expecting property name enclosed in double quotes)"),
        (["a.png", "--noise", "x.npy", "--settings", '{"a":1,"a":2}'], 2,
         "a.png: --settings: a key may occur once in an object, found 'a' twice"),
        (["a.png", "--noise", "x.npy", "--settings", '{"a":1e999}'], 2,
         "a.png: --settings: finite numbers only, found 1e999"),
        (["a.png", "--noise", "x.npy", "--settings", '{"a":' + "[" * 40 + "]" * 40 + "}"], 2,
         "a.png: --settings: at most 32 nested values, found more"),
        (["a.png", "--noise", "x.npy", "--settings", '{"a":' + "[" * 31 + "]" * 31 + "}"], 2,
         "a.png: at most 32 nested values, found more"),
        (["a.png", "--noise", "x.npy", "--settings", "no.json"], 3,
         "no.json: it cannot be read (No such file or directory)"),
        (["a.png", "--noise", "x.npy", "--settings", "x\0"], 3, "x: this is not a valid file name"),
        (["a.png", "--noise", "x.npy", "--settings", "list.json"], 3,
         "list.json: a JSON object needed, found [1]"),
        (["a.png", "--noise", "x.npy", "--settings", "latin.json"], 3,
         "latin.json: UTF-8 text is needed, found byte 0xe9"),
        (["a.png", "--noise", "x.npy", "--settings", "long.json"], 3,
         "long.json: settings have at most 262144 bytes, found more"),
        (["a.png", "--noise", "x.npy", "--settings", "full.json"], 2,
         "a.png: metadata has at most 262144 bytes, found 262367"),
        (["a.png", "--noise", "x.npy", "-o", "x.npy"], 9,
         "x.npy: this file exists already; choose another --out, or add --force to replace it"),
        (["a.png", "--noise", "x.npy", "-o", ""], 9, "'': this is not a valid file name"),
    ],
)  # fmt: skip
def test_each_error_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    (folder / "list.json").write_text("[1]")
    (folder / "latin.json").write_bytes(b'{"a": "\xe9"}')
    (folder / "long.json").write_text('{"a": "' + "x" * 2**18 + '"}')
    (folder / "full.json").write_text('{"a": "' + "x" * (2**18 - 9) + '"}')
    assert main(["embed", *arguments]) == code
    assert capsys.readouterr() == ("", f"latentpng: {message}\n")
    assert (folder / "a.png").read_bytes() == PNG
    assert [path.suffix for path in folder.iterdir() if path.suffix == ".part"] == []


def test_extract_writes_a_latent_for_comfyui(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["embed", "a.png", "--noise", "x.npy"]) == 0
    assert main(["extract", "a.png", "--format", "comfyui"]) == 0
    assert (folder / "a.latent").read_bytes() == tensor_file(NOISE, "CHW", ".latent")
    assert main(["extract", "a.png", "-o", "b.latent"]) == 0
    assert (folder / "b.latent").read_bytes() == (folder / "a.latent").read_bytes()
    assert main(["extract", "a.png", "--format", "comfyui", "--round", "0"]) == 0
    assert (folder / "a.round-0.latent").read_bytes() == (folder / "a.latent").read_bytes()
    assert main(["extract", "a.png", "--format", "safetensors", "-o", "x.bin"]) == 0
    assert (folder / "x.bin").read_bytes() == tensor_file(NOISE, "CHW", ".safetensors")
    assert capsys.readouterr() == ("", "")
    assert main(["embed", "a.png", "--noise", "x.npy", "--axes", "ABC", "--force"]) == 0
    assert main(["extract", "a.png", "--format", "comfyui", "-o", "c.latent"]) == 2
    sentence = "a .latent has the axes C, H and W, and perhaps N or 1, found 'ABC'"
    assert capsys.readouterr() == ("", f"latentpng: a.png: {sentence}\n")
