"""`latentpng import`: it keeps the pixels, adds the noise that they started from, and reports what it assumed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentpng.cli import main
from latentpng.foreign.choices import Choices
from latentpng.foreign.noise.recipes import RECIPES
from latentpng.foreign.noise.torch_cpu import ARITHMETICS
from latentpng.foreign.rebuild import rebuild
from latentpng.foreign.record import ForeignRecord
from latentpng.png.chunks import build
from latentpng.png.files import read_picture, read_record, write_picture
from latentpng.png.pixels import encode_pixels
from latentpng.record import TensorRoot
from tests.support.foreign.samples_files import png_of
from tests.support.foreign.torch_paths import default_path, torch_path
from tests.support.latentpng import independent
from tests.support.latentpng.pictures import seeded_record

WIDTH, HEIGHT = 64, 48
RGB = bytes(range(256)) * (WIDTH * HEIGHT * 3 // 256)
RECORD = ForeignRecord(
    tool="a1111",
    version="v1.10.1",
    prompt="a cat",
    negative_prompt="dogs",
    seed=1234,
    width=WIDTH,
    height=HEIGHT,
    num_inference_steps=20,
    sampler="Euler a",
    scheduler="Karras",
    guidance_scale=7.0,
    model="sd15",
    model_hash="6ce0161689",
)
SAID = "noise of a1111, seed 1234; assumed: channels 4, randomness gpu, gpu large"
NEXT = "open it with warmer {0}, or compare the noise with warmer render {0} --check --confirm --model MODEL"
Read = Callable[[ForeignRecord], None]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Make the reader of other tools' metadata return one record for every file."""

    def find(record: ForeignRecord) -> None:
        monkeypatch.setattr("latentpng.foreign.importing.read_foreign", lambda _: record)

    find(RECORD)
    return find


def said(target: str, *sentences: str) -> str:
    """Return what the command prints after a file was written."""
    return "".join(f"latentpng: {target}: {sentence}\n" for sentence in (*sentences, NEXT.format(target)))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with a PNG as a web UI may write it, and enter the folder."""
    png = encode_pixels(WIDTH, HEIGHT, RGB)
    text = build(b"tEXt", b"parameters\0a cat\nSteps: 20, Seed: 1234, Size: 64x48")
    (tmp_path / "a.png").write_bytes(png[:33] + text + png[33:])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def other_picture(kind: str) -> bytes:
    """Return the pixels of the PNG in a different format."""
    file = io.BytesIO()
    Image.frombytes("RGB", (WIDTH, HEIGHT), RGB).save(file, kind)
    return file.getvalue()


def test_a_png_keeps_its_pixels_and_gets_noise_and_settings(
    folder: Path, reads: Read, capsys: pytest.CaptureFixture[str]
) -> None:
    del reads
    before = (folder / "a.png").read_bytes()
    assert main(["import", "a.png"]) == 0
    assert capsys.readouterr() == ("", said("a.latent.png", SAID))
    assert (folder / "a.png").read_bytes() == before
    found = list(independent.png_chunks((folder / "a.latent.png").read_bytes()))
    ours = [(kind, data) for kind, data in found if kind == b"laTn" or data.startswith(b"latentpng\0")]
    assert len(ours) == 2
    assert [chunk for chunk in found if chunk not in ours] == list(independent.png_chunks(before))
    record = read_record("a.latent.png")
    rebuilt = rebuild(RECORD)
    assert np.array_equal(record.tensor, rebuilt.noise)
    assert (record.axes, record.tensor.shape) == ("CHW", (4, 6, 8))
    assert record.lineage.root == TensorRoot(source={**rebuilt.source, "unverified": True})
    assert record.settings == {
        "prompt": "a cat",
        "negative_prompt": "dogs",
        "steps": 20,
        "guidance": 7.0,
        "width": 64,
        "height": 48,
        "scheduler": {"name": "Euler a", "schedule": "Karras"},
        "model": {"name": "sd15", "hash": "6ce0161689"},
        "prompt_style": "a1111",
    }
    assert main(["verify", "a.latent.png"]) == 0


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_other_formats_become_a_png_of_the_same_pixels(
    folder: Path, reads: Read, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    del reads
    data = other_picture(kind)
    (folder / "b.img").write_bytes(data)
    assert main(["import", "b.img", "-o", "c.png"]) == 0
    assert capsys.readouterr() == ("", said("c.png", SAID))
    with Image.open(io.BytesIO(data)) as image:
        assert read_picture("c.png") == (WIDTH, HEIGHT, image.convert("RGB").tobytes())
    assert np.array_equal(read_record("c.png").tensor, rebuild(RECORD).noise)
    assert main(["verify", "c.png"]) == 0


WEB_UI = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x48, Model: sd15, RNG: CPU"
GRAPH = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["1", 1]}},
    "3": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 48, "batch_size": 1}},
    "4": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 5, "steps": 20, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
            "model": ["1", 0], "positive": ["2", 0], "negative": ["2", 0], "latent_image": ["3", 0],
        },
    },
    "5": {"class_type": "VAEDecode", "inputs": {"samples": ["4", 0], "vae": ["1", 2]}},
    "6": {"class_type": "SaveImage", "inputs": {"images": ["5", 0]}},
}  # fmt: skip


@pytest.mark.parametrize("arithmetic", [*(pytest.param(name, marks=pytest.mark.slow) for name in ARITHMETICS), ""])
@pytest.mark.parametrize("tool", ["a1111", "comfyui", "a1111 in a JPEG"])
def test_from_a_tools_file_to_the_noise_of_torch(
    folder: Path, capsys: pytest.CaptureFixture[str], tool: str, arithmetic: str
) -> None:
    """Without the option, the noise is what torch draws on this machine."""
    torch = torch_path(arithmetic) if arithmetic else default_path()
    png = encode_pixels(WIDTH, HEIGHT, RGB)
    text = {"a1111": b"parameters\0" + WEB_UI.encode(), "comfyui": b"prompt\0" + json.dumps(GRAPH).encode()}
    if tool in text:
        (folder / "b").write_bytes(png[:33] + build(b"tEXt", text[tool]) + png[33:])
    else:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + WEB_UI.encode("utf-16-be")
        Image.frombytes("RGB", (WIDTH, HEIGHT), RGB).save(folder / "b", "JPEG", exif=exif)
    assert main(["import", "b", *(["--arithmetic", arithmetic] if arithmetic else [])]) == 0
    recipe, assumed = tool.split()[0], "channels 4" if arithmetic else "channels 4, arithmetic avx2"
    assert capsys.readouterr().err == said("b.latent.png", f"noise of {recipe}, seed 5; assumed: {assumed}")
    record = read_record("b.latent.png")
    assert np.array_equal(record.tensor, torch.noise(5, (4, 6, 8)).half().numpy())
    assert record.settings["prompt"] == "a cat"
    assert main(["verify", "b.latent.png"]) == 0


def test_a_picture_of_an_unknown_tool_is_reported_in_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "b.png").write_bytes(encode_pixels(WIDTH, HEIGHT, RGB))
    assert main(["import", "b.png"]) == 2
    assert main(["import", "b.png", "--as", "a1111"]) == 2
    assert capsys.readouterr().err == (
        "latentpng: b.png: no metadata of a known tool was found\nlatentpng: b.png: the metadata contains no seed\n"
    )


def test_a_text_that_is_not_understood_is_named_by_a_refusal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "b.png").write_bytes(png_of({"parameters": "engine=own; x=y"}))
    assert main(["import", "b.png"]) == 2
    assert capsys.readouterr().err == (
        "latentpng: b.png: no metadata of a known tool was found; its text 'parameters' (15 characters) is not "
        "understood; `latentpng inspect --raw` shows it\n"
    )


def test_the_help_names_every_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["import", "--help"])
    words = set(capsys.readouterr().out.replace(",", " ").split())
    assert words >= set(RECIPES)


def test_alpha_is_dropped(folder: Path, reads: Read) -> None:
    del reads
    Image.new("RGBA", (4, 4), (10, 20, 30, 128)).save(folder / "b.webp", lossless=True, exact=True)
    assert main(["import", "b.webp"]) == 0
    assert read_picture("b.latent.png") == (4, 4, bytes([10, 20, 30] * 16))


def test_what_a_file_does_not_say_is_left_out(folder: Path, reads: Read, capsys: pytest.CaptureFixture[str]) -> None:
    del folder
    reads(ForeignRecord(tool="comfyui", seed=7, scheduler="ddim"))
    assert main(["import", "a.png"]) == 0
    assert read_record("a.latent.png").settings == {"width": WIDTH, "height": HEIGHT, "scheduler": {"name": "ddim"}}
    assert capsys.readouterr().err == said(
        "a.latent.png",
        "noise of comfyui, seed 7; assumed: size 64 x 48, channels 4, randomness cpu, arithmetic avx2, batch_index 0",
    )


def test_every_choice_can_be_made_by_options(folder: Path, reads: Read, capsys: pytest.CaptureFixture[str]) -> None:
    del folder, reads
    words = (
        "--as comfyui --randomness cpu --channels 16 --batch-index 2 --batch-size 3 --dtype float16 --arithmetic avx2"
    )
    assert main(["import", "a.png", *words.split()]) == 0
    assert capsys.readouterr().err == said("a.latent.png", "noise of comfyui, seed 1234; assumed: nothing")
    chosen = Choices(
        tool="comfyui", randomness="cpu", channels=16, batch_index=2, batch_size=3, dtype="float16", arithmetic="avx2"
    )
    record = read_record("a.latent.png")
    assert record.lineage.root == TensorRoot(source={**rebuild(RECORD, chosen).source, "unverified": True})
    assert np.array_equal(record.tensor, rebuild(RECORD, chosen).noise)


def test_noise_that_depends_on_the_gpu_is_reported(
    folder: Path, reads: Read, capsys: pytest.CaptureFixture[str]
) -> None:
    del folder
    reads(replace(RECORD, width=1024, height=1024))
    assert main(["import", "a.png"]) == 0
    assert main(["import", "a.png", "--gpu", "3060", "-f"]) == 0
    other = "the noise is that of 1024 x 1024, as the file says, and the picture has 64 x 48: "
    resized = f"{other}something that the file does not name resized or cropped it"
    assert capsys.readouterr().err == said(
        "a.latent.png", f"{SAID}, and a smaller GPU draws different noise of this size", resized
    ) + said("a.latent.png", "noise of a1111, seed 1234; assumed: channels 4, randomness gpu", resized)


def test_the_commands_that_come_next_can_be_typed_as_they_stand(
    folder: Path, reads: Read, capsys: pytest.CaptureFixture[str]
) -> None:
    del reads
    (folder / "a.png").rename(folder / "it's mine.png")
    assert main(["import", "it's mine.png"]) == 0
    assert main(["import", "it's mine.png", "--out=-b.png"]) == 0
    assert [line.partition(": open ")[2] for line in capsys.readouterr().err.splitlines()[1::2]] == [
        """it with warmer 'it'"'"'s mine.latent.png', """
        """or compare the noise with warmer render 'it'"'"'s mine.latent.png' --check --confirm --model MODEL""",
        "it with warmer ./-b.png, or compare the noise with warmer render ./-b.png --check --confirm --model MODEL",
    ]


def test_a_signature_is_reported(folder: Path, reads: Read, capsys: pytest.CaptureFixture[str]) -> None:
    del reads
    png = (folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(png[:33] + build(b"caBX", b"x") + png[33:])
    assert main(["import", "a.png"]) == 0
    assert capsys.readouterr().err == (
        "latentpng: a.png: this picture has a C2PA signature, which is not valid for the new file\n"
        + said("a.latent.png", SAID)
    )


def test_an_existing_latent_is_replaced_only_with_force(
    folder: Path, reads: Read, capsys: pytest.CaptureFixture[str]
) -> None:
    del reads
    write_picture(folder / "b.png", WIDTH, HEIGHT, RGB, seeded_record())
    assert main(["import", "b.png"]) == 9
    assert (
        capsys.readouterr().err
        == "latentpng: b.png: it carries a different latent already; add --force to replace it\n"
    )
    assert not (folder / "b.latent.png").exists()
    assert main(["import", "b.png", "--force"]) == 0
    assert np.array_equal(read_record("b.latent.png").tensor, rebuild(RECORD).noise)


def test_an_existing_output_is_replaced_only_with_force(
    folder: Path, reads: Read, capsys: pytest.CaptureFixture[str]
) -> None:
    del reads
    (folder / "a.latent.png").write_bytes(b"mine")
    for arguments in ([], ["-o", "a.latent.png"]):
        assert main(["import", "a.png", *arguments]) == 9
        assert (
            capsys.readouterr().err
            == "latentpng: a.latent.png: this file exists already; choose another --out, or add --force to replace it\n"
        )
    assert (folder / "a.latent.png").read_bytes() == b"mine"
    assert main(["import", "a.png", "-f"]) == 0


def test_a_picture_that_is_no_png_is_never_replaced(
    folder: Path, reads: Read, capsys: pytest.CaptureFixture[str]
) -> None:
    del reads
    (folder / "c.jpg").write_bytes(other_picture("JPEG"))
    (folder / "link.jpg").symlink_to("c.jpg")
    for name in ("c.jpg", "link.jpg"):
        assert main(["import", "c.jpg", "-o", name, "--force"]) == 9
        said = f"latentpng: {name}: this is the picture itself, and no PNG; choose another --out\n"
        assert capsys.readouterr() == ("", said)
    assert (folder / "c.jpg").read_bytes() == other_picture("JPEG")


def larger_than_any_picture() -> bytes:
    """Return a JPEG whose frame header says 9,000 x 8,000."""
    data = other_picture("JPEG")
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + (8000).to_bytes(2, "big") + (9000).to_bytes(2, "big") + data[at + 4 :]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "b.img: it is not a PNG, JPEG, WebP or AVIF"),
        (b"GIF89a" + bytes(50), "b.img: it is not a PNG, JPEG, WebP or AVIF"),
        (larger_than_any_picture(), "b.img: 1 to 67108864 pixels are supported, found 9000 x 8000"),
        (other_picture("JPEG")[:-90], "b.img: its pixels cannot be decoded (*"),
        (other_picture("WEBP")[:-10], "b.img: its pixels cannot be decoded (*"),
        (encode_pixels(WIDTH, HEIGHT, RGB)[:-20], "b.img: chunk IDAT ends at byte *, the file ends at *"),
    ],
)
def test_broken_pictures_are_reported_in_one_sentence(
    folder: Path, reads: Read, capsys: pytest.CaptureFixture[str], data: bytes, message: str
) -> None:
    del reads
    (folder / "b.img").write_bytes(data)
    assert main(["import", "b.img"]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert fnmatchcase(line, f"latentpng: {message}")
    assert sorted(path.name for path in folder.iterdir()) == ["a.png", "b.img"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["no.png"], 3, "no.png: it cannot be read (No such file or directory)"),
        (["."], 3, ".: it cannot be read (Is a directory)"),
        ([""], 3, "'': this is not a valid file name"),
        (["-"], 2, "-: standard input cannot be used here; name a file"),
        (["a.png", "-o", "-"], 2, "a.png: import cannot write to standard output: name a file with --out"),
        (["a.png", "-o", ""], 9, "'': this is not a valid file name"),
        (["a.png", "-o", "no/b.png"], 9, "no/b.png: it cannot be written (No such file or directory)"),
        (["a.png", "--randomness", "dice"], 2, "a.png: randomness must be one of cpu, gpu, nv, numpy, found 'dice'"),
        (
            ["a.png", "--gpu", "\x1b[31mred"],
            2,
            "a.png: gpu must be 'large', a known name such as 'RTX 3060', "
            "or multiprocessors x threads such as 28x1536, found '\\x1b[31mred'",
        ),
    ],
)
def test_impossible_requests_are_reported_in_one_sentence(
    folder: Path, reads: Read, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    del reads
    assert main(["import", *arguments]) == code
    assert capsys.readouterr() == ("", f"latentpng: {message}\n")
    assert [path.name for path in folder.iterdir()] == ["a.png"]


def test_settings_that_do_not_fit_are_reported_in_one_sentence(
    folder: Path, reads: Read, capsys: pytest.CaptureFixture[str]
) -> None:
    reads(replace(RECORD, prompt="x" * 2**20))
    assert main(["import", "a.png"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert fnmatchcase(line, "latentpng: a.png: metadata has at most 262144 bytes, found 10?????")
    reads(replace(RECORD, model="\ud800"))
    assert main(["import", "a.png"]) == 2
    assert capsys.readouterr().err == "latentpng: a.png: valid Unicode needed, found half of a surrogate pair\n"
    assert [path.name for path in folder.iterdir()] == ["a.png"]


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--channels", "-4"], ["a", "--batch-index", "x"]])
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["import", *arguments])
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""


def test_the_source_is_shown_by_inspect(folder: Path, reads: Read, capsys: pytest.CaptureFixture[str]) -> None:
    del folder, reads
    assert main(["import", "a.png"]) == 0
    assert main(["inspect", "--json", "a.latent.png"]) == 0
    root = json.loads(capsys.readouterr().out)["root"]
    assert root == {"source": {**rebuild(RECORD).source, "unverified": True}, "tensor": True}
