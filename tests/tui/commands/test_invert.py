"""`warmer invert` against the fake renderer: what it writes, prints and refuses."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from engine.errors import InvalidRequestError, RenderCancelled, RenderError
from engine.fake import FakeRenderer
from engine.invert import Keep
from engine.rendering.requests import InversionWay, Job
from engine.search.bands import Bands, factors_of
from latentpng.errors import UnreadableFileError
from latentpng.png.files import read_picture, read_record
from latentpng.record import TensorRoot
from tests.engine.test_records import png_with_text
from tests.support.photos.making import exif_of, photo_file
from tests.support.tui.scripting import warmer
from tui.cli import main

QUALITY = r"repeats the photograph at 27\.9 dB \(the VAE alone: 28\.7\), the VAE's picture at 60\.3 dB; noise: std .*"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Return a photograph."""
    return photo_file(tmp_path / "beach.jpg")


def test_the_picture_is_written_beside_the_photograph(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = photo.read_bytes()
    assert warmer("invert", photo, "--prompt", "a beach", "--seed", 5, "--fit", "pad") == 0
    out = photo.with_name("beach.inverted.png")
    shown = capsys.readouterr()
    assert shown.out == f"{out}\n"
    assert re.fullmatch(rf"{re.escape(str(out))}: {QUALITY}\n", shown.err)
    record = read_record(out)
    assert isinstance(record.lineage.root, TensorRoot)
    assert (record.settings["prompt"], record.settings["guidance"]) == ("a beach", 1.0)
    assert read_picture(out)[:2] == (128, 128)
    assert photo.read_bytes() == before


def test_what_was_inverted_is_varied_like_any_picture(photo: Path, tmp_path: Path) -> None:
    warmer("invert", photo, "--prompt", "a beach", "--out", tmp_path / "a.png")
    assert warmer("vary", tmp_path / "a.png", "--count", 2, "--out", tmp_path / "v") == 0
    assert sorted(path.name for path in (tmp_path / "v").iterdir()) == ["a-r1-0.png", "a-r1-1.png"]


def test_the_choices_reach_the_renderer(photo: Path, tmp_path: Path) -> None:
    renderer = FakeRenderer()
    words = ("--way", "free", "--fit", "shape", "--seed", 7, "--steps", 9, "--scheduler", "Euler", "--negative", "fog")
    warmer("invert", photo, "--prompt", "p", *words, "--out", tmp_path / "a.png", renderer=renderer)
    (job,) = renderer.inversions
    assert (job.way, job.seed, job.width, job.height) == (InversionWay.FREE, 7, 144, 112)
    assert (job.settings.num_inference_steps, job.settings.negative_prompt) == (9, "fog")
    assert job.settings.scheduler.name == "EulerDiscreteScheduler"
    assert renderer.closed


@pytest.mark.parametrize(
    ("keep", "moved", "words"),
    [
        (Keep.LAYOUT, Bands.DETAIL, ("the layout of noise that", "its detail was drawn anew from seed 5")),
        (Keep.DETAIL, Bands.LAYOUT, ("the detail of noise that", "its layout was drawn anew from seed 5")),
    ],
)
def test_a_part_is_kept_by_one_round(
    photo: Path, tmp_path: Path, keep: Keep, moved: Bands, words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    renderer, out = FakeRenderer(), tmp_path / "a.png"
    renderer.inversion_warning = "the noise that was found is not Gaussian"
    options = ("--prompt", "p", "--keep", keep, "--seed", 5, "--fit", "pad", "--out", out)
    warmer("invert", photo, *options, renderer=renderer)
    record = read_record(out)
    (round_,) = record.lineage.rounds
    assert round_.bands == factors_of(moved, 3)
    assert isinstance(record.lineage.root, TensorRoot)
    quality, warning = capsys.readouterr().err.splitlines()
    assert re.fullmatch(rf"{re.escape(str(out))}: {words[0]} {QUALITY}; {words[1]}", quality)
    assert warning == f"{out}: the noise that was found is not Gaussian"
    assert warmer("render", out, "--check") == 0


def test_the_warning_is_said_once(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    renderer, out = FakeRenderer(), tmp_path / "a.png"
    renderer.inversion_warning = "the noise that was found is not Gaussian"
    warmer("invert", photo, "--prompt", "p", "--fit", "pad", "--out", out, renderer=renderer)
    assert capsys.readouterr().err.splitlines()[0] == f"{out}: the noise that was found is not Gaussian"


def test_json_has_the_figures(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    renderer, out = FakeRenderer(), tmp_path / "a.png"
    renderer.inversion_warning = "the noise that was found is not Gaussian"
    words = ("--prompt", "p", "--seed", 5, "--keep", "layout", "--json", "--out", out)
    warmer("invert", photo, *words, renderer=renderer)
    (line,) = capsys.readouterr().out.splitlines()
    entries = json.loads(line)
    assert (entries["path"], entries["seed"], entries["rounds"]) == (str(out), "5", 1)
    assert entries["warning"] == "the noise that was found is not Gaussian"
    assert (entries["source"]["psnr"], entries["source"]["vae_psnr"]) == (27.9, 60.3)


def test_what_was_done_to_the_photograph_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    Image.new("RGBA", (8, 4), (0, 0, 0, 0)).save(path, exif=exif_of(6))
    warmer("invert", path, "--prompt", "p")
    assert capsys.readouterr().err.splitlines()[:2] == [
        f"{path}: it was turned upright, as its EXIF says",
        f"{path}: its transparent parts are white",
    ]


def test_without_a_prompt_that_of_the_metadata_is_used_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = png_with_text(tmp_path / "a.png")
    warmer("invert", path)
    assert read_record(tmp_path / "a.inverted.png").settings["prompt"] == "a boat"
    assert capsys.readouterr().err.splitlines()[0] == f"{path}: it is inverted with the prompt in its metadata: a boat"


def test_without_any_prompt_a_hint_says_so(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warmer("invert", photo)
    assert read_record(photo.with_name("beach.inverted.png")).settings["prompt"] == ""
    assert capsys.readouterr().err.splitlines()[0] == (
        f"{photo}: it is inverted with an empty prompt; with --prompt and what it shows, variations stay nearer to it"
    )


def test_an_empty_prompt_that_was_typed_needs_no_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warmer("invert", png_with_text(tmp_path / "a.png"), "--prompt", "")
    assert read_record(tmp_path / "a.inverted.png").settings["prompt"] == ""
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_progress_is_a_line_where_there_is_no_terminal(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tui.cli import run_command

    run_command("invert", [str(photo), "--prompt", "p", "--fit", "pad"], FakeRenderer)
    lines = capsys.readouterr().err.splitlines()[:2]
    assert lines == ["loading weights", "inverting, 3 evaluations of the model"]


def test_a_photograph_may_come_from_standard_input(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(photo.read_bytes())))
    assert warmer("invert", "-", "--prompt", "a beach", "--out", tmp_path / "a.png") == 0
    assert read_record(tmp_path / "a.png").settings["prompt"] == "a beach"


def test_nothing_is_replaced_without_force(photo: Path) -> None:
    out = photo.with_name("beach.inverted.png")
    out.write_bytes(b"in the way")
    with pytest.raises(InvalidRequestError) as caught:
        warmer("invert", photo, "--prompt", "p")
    assert str(caught.value) == f"{out}: this file exists already; choose another --out, or add --force"
    assert out.read_bytes() == b"in the way"
    assert warmer("invert", photo, "--prompt", "p", "--force") == 0


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (
            ["{photo}", "--guidance", "2.5"],
            InvalidRequestError,
            "at guidance 2.5 the noise that is found is not Gaussian and cannot be varied: leave out --guidance, "
            "photographs are inverted at guidance 1",
        ),
        (["{folder}"], UnreadableFileError, "{folder}: it cannot be read (Is a directory)"),
        (
            ["{folder}/gone.jpg"],
            UnreadableFileError,
            "{folder}/gone.jpg: it cannot be read (No such file or directory)",
        ),
        (
            ["{text}"],
            UnreadableFileError,
            "{text}: it is not a PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF or PPM",
        ),
        (
            ["{photo}", "--out", "{folder}/a.jpg"],
            InvalidRequestError,
            "{folder}/a.jpg: pictures are saved as PNG; name a .png file",
        ),
        (
            ["{photo}", "--out", "{folder}"],
            InvalidRequestError,
            "{folder}: pictures are saved as PNG; name a .png file",
        ),
        (
            ["-"],
            InvalidRequestError,
            "a photograph from standard input has no name: name the file to write with --out",
        ),
    ],
)
def test_mistakes(photo: Path, tmp_path: Path, words: list[str], error: type[Exception], message: str) -> None:
    folder, text = tmp_path / "folder", tmp_path / "a.txt"
    folder.mkdir()
    text.write_text("x")
    names = {"photo": photo, "folder": folder, "text": text}
    with pytest.raises(error) as caught:
        warmer("invert", *(word.format(**names) for word in words))
    assert str(caught.value) == message.format(**names)
    assert sorted(tmp_path.iterdir()) == sorted([photo, folder, text])


def test_a_failure_ends_with_its_sentence_and_no_file(photo: Path) -> None:
    renderer = FakeRenderer()
    renderer.fail_next("EulerAncestralDiscreteScheduler draws noise at every step and cannot be inverted")
    with pytest.raises(RenderError, match=r"^EulerAncestralDiscreteScheduler draws noise .* cannot be inverted$"):
        warmer("invert", photo, "--prompt", "p", renderer=renderer)
    assert renderer.closed
    assert not photo.with_name("beach.inverted.png").exists()


def test_a_cancelled_inversion_leaves_no_file(photo: Path) -> None:
    class Cancelled(FakeRenderer):
        """Cancels each job as soon as it comes."""

        def render(self, job: Job) -> None:
            self.hold()
            super().render(job)
            self.cancel(job.job)

    with pytest.raises(RenderCancelled, match=r"^the inversion was cancelled$"):
        warmer("invert", photo, "--prompt", "p", renderer=Cancelled())
    assert not photo.with_name("beach.inverted.png").exists()


def test_other_commands_name_it_for_a_photograph(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["vary", str(photo), "--out", str(photo.parent / "v")], ["render", str(photo)]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 4
        assert capsys.readouterr().err == (
            f"warmer: {photo}: it carries no noise: run `warmer invert {photo} --prompt '...'` first, which finds "
            "noise that repeats it\n"
        )


def test_a_folder_without_a_name_is_no_photograph() -> None:
    with pytest.raises(UnreadableFileError, match=r"\.: it cannot be read \(Is a directory\)"):
        warmer("invert", ".", "--prompt", "p")


def test_a_wrong_choice_names_those_that_there_are(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        warmer("invert", photo, "--way", "foo")
    assert "invalid choice: 'foo' (choose from 'exact', 'free')" in capsys.readouterr().err


def test_cut_sides_are_said(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = f"{photo}: two of its sides are cut off to fit 128 x 128; --fit chooses otherwise"
    warmer("invert", photo, "--prompt", "p", "--out", tmp_path / "a.png")
    assert words in capsys.readouterr().err
    warmer("invert", photo, "--prompt", "p", "--fit", "pad", "--out", tmp_path / "b.png")
    assert "cut off" not in capsys.readouterr().err


def test_a_picture_that_carries_its_noise_need_not_be_inverted(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warmer("invert", photo, "--prompt", "p", "--out", tmp_path / "a.png")
    capsys.readouterr()
    warmer("invert", tmp_path / "a.png", "--out", tmp_path / "b.png")
    assert (
        f"{tmp_path / 'a.png'}: it carries its own noise, which repeats it exactly and need not be found: "
        "`warmer FILE` varies it as it is\n"
    ) in capsys.readouterr().err
