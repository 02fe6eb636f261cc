"""The command line: output for people and scripts, errors, exit codes, help."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from latentpng import __version__
from latentpng.chunk.codec import encode_record
from latentpng.cli import main
from latentpng.commands import output
from latentpng.errors import ExitCode
from latentpng.noise import replay
from latentpng.noise.cache import ArrayCache
from latentpng.png.chunks import build
from latentpng.png.files import write_picture
from latentpng.png.pixels import encode_pixels
from latentpng.record import Round
from tests.support.latentpng import independent
from tests.support.latentpng.files import changed, png_of, with_metadata
from tests.support.latentpng.folders import with_other_pixels
from tests.support.latentpng.pictures import RGB, SIDE, altered, chunk_data, seeded_record
from tests.support.latentpng.running import ENVIRONMENT, RECORD, STEPS


def test_inspect_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "a.png"]) == 0
    out, err = capsys.readouterr()
    bytes_ = (folder / "a.png").read_bytes()
    length = len(dict(independent.png_chunks(bytes_))[b"laTn"])
    pixels = json.loads(dict(independent.png_chunks(bytes_))[b"tEXt"].partition(b"\0")[2])["pixels"]
    assert err == ""
    assert out.splitlines() == [
        f"carrier          chunk; version 1.0, {length} bytes",
        f"tensor           2 x 8 x 8, raw, SHA-256 {RECORD.node}",
        "axes             CHW",
        f"noise            gauss1, node {RECORD.node}",
        "root             seed 7",
        "rounds           2",
        "round 1          seed 3, candidate 2 + 0 of 4, scale 0.5",
        "round 2          seed 4, candidate 0 (region of 75%) of 1, scale 0.25, bands 1 0.5",
        "prompt           a cat",
        "steps            4",
        "software         test 1",
        f"pixels           SHA-256 {pixels}",
    ]


def test_inspect_and_diff_show_how_far_the_prompt_moved(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    step = Round(seed=5, scale=0.0, of=2, marks=(1,), prompt_scale=0.5)
    write_picture(folder / "b.png", SIDE, SIDE, RGB, seeded_record((*STEPS, step)))
    assert main(["inspect", "b.png"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("carrier          chunk; version 1.1, ")
    assert lines[8] == "round 3          seed 5, candidate 1 of 2, scale 0, prompt scale 0.5"
    assert main(["inspect", "--short", "--where", "prompt_scale=0.5", "a.png", "b.png"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["b.png"]
    assert main(["diff", "a.png", "b.png"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "ancestor         a.png itself",
        "first            a.png, 0 rounds of its own",
        "second           b.png, 1 round of its own",
        "  round 3        seed 5, candidate 1 of 2, scale 0, prompt scale 0.5",
        "settings         the same",
        "noise            cosine 1.000000, angle 0.000 degrees",
        "pixels           largest difference 0 of 255, mean 0.0000",
    ]


def test_inspect_json_is_the_metadata_and_what_the_header_adds(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", "--json", "a.png"]) == 0
    shown = json.loads(capsys.readouterr().out)
    chunk = dict(independent.png_chunks((folder / "a.png").read_bytes()))[b"laTn"]
    metadata = json.loads(chunk[72 : 72 + int.from_bytes(chunk[8:12], "little")])
    assert shown == metadata | {
        "carrier": "chunk",
        "chunk_bytes": len(chunk),
        "codec": "raw",
        "digest": RECORD.node,
        "dims": [2, 8, 8],
        "dtype": "float16",
        "step_ends": [1, 2],
        "version": [1, 0],
    }


def test_a_bad_file_does_not_stop_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "plain.png").write_bytes(encode_pixels(SIDE, SIDE, RGB))
    assert main(["inspect", "--json", "a.png", "no.png", "plain.png", "a.png"]) == 3
    out, err = capsys.readouterr()
    assert [json.loads(line)["file"] for line in out.splitlines()] == ["a.png", "a.png"]
    assert err.splitlines() == [
        "latentpng: no.png: it cannot be read (No such file or directory)",
        "latentpng: plain.png: it carries no latent and no metadata of another tool",
    ]


@pytest.mark.usefixtures("folder")
def test_each_of_many_files_has_a_heading(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "a.png", "a.png"]) == 0
    assert capsys.readouterr().out.splitlines().count("======== a.png") == 2


def test_a_folder_is_its_pngs_and_those_without_a_latent_are_skipped(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "plain.PNG").write_bytes(encode_pixels(SIDE, SIDE, RGB))
    (folder / ".hidden.png").write_bytes(b"")
    (folder / "text.txt").write_text("x")
    (folder / "inner.png").mkdir()
    assert main(["verify", "."]) == 0
    out, err = capsys.readouterr()
    assert out == "a.png: good (noise of 2 x 8 x 8, lineage of 2 rounds, pixels)\n"
    assert err == "latentpng: 1 file: 1 good; 1 without a latent skipped\n"
    (folder / "z.png").write_bytes(b"GIF")
    assert main(["inspect", "--json", "."]) == 3
    out, err = capsys.readouterr()
    assert [json.loads(line)["file"] for line in out.splitlines()] == ["a.png"]
    assert err == "latentpng: z.png: it is not a PNG, JPEG, WebP, AVIF or GIF\n"


def test_a_folder_is_read_to_its_end_after_a_bad_picture(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = (folder / "a.png").read_bytes()
    latent = dict(independent.png_chunks(good))[b"laTn"]
    (folder / "A.png").write_bytes(with_other_pixels(good, bytes(len(RGB))))
    (folder / "B.png").write_bytes(png_of((b"laTn", changed(latent, 4, b"\2"))))
    assert main(["verify", "."]) == 8
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["A.png", "B.png", "a.png"]
    assert main(["inspect", "--json", "."]) == 6
    assert [json.loads(line)["file"] for line in capsys.readouterr().out.splitlines()] == ["A.png", "B.png", "a.png"]


def test_fifos_in_a_folder_are_skipped_and_broken_symlinks_are_reported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(folder / "0.png")
    (folder / "1.png").symlink_to("nowhere")
    (folder / "2.png").symlink_to("2.png")
    (folder / "3.png").symlink_to("a.png")
    assert main(["verify", "."]) == 3
    out, err = capsys.readouterr()
    assert [line.partition(":")[0] for line in out.splitlines()] == ["1.png", "2.png", "3.png", "a.png"]
    assert err == "latentpng: 4 files: 2 good, 2 not readable\n"


def test_an_empty_output_is_not_the_file_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "a.png").read_bytes()
    assert main(["strip", "a.png", "-o", ""]) == 9
    assert main(["strip", "a.png", "-f", "-o", ""]) == 9
    assert capsys.readouterr().err == "latentpng: '': this is not a valid file name\n" * 2
    assert (folder / "a.png").read_bytes() == before
    assert main(["extract", "a.png", "-o", ""]) == 2


@pytest.mark.usefixtures("folder")
def test_a_long_replay_reports_its_progress(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(output, "_FIRST_REPORT", 0.0)
    monkeypatch.setattr(replay, "_STATES", ArrayCache(0))
    for arguments in (["verify", "a.png"], ["extract", "a.png", "--round", "2", "-o", "x.npy"]):
        assert main(arguments) == 0
    assert capsys.readouterr().err == "".join(f"latentpng: a.png: {done} of 2 rounds replayed\n" for done in (1, 2))


def test_a_folder_without_latents_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(tmp_path)]) == 4
    sentence = "no picture in this folder carries a latent or the metadata of another tool"
    assert capsys.readouterr().err == f"latentpng: {tmp_path}: {sentence}\n"
    for command in ("verify", "tree"):
        assert main([command, str(tmp_path)]) == 4
        assert capsys.readouterr().err == f"latentpng: {tmp_path}: no PNG in this folder carries a latent\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["extract", "a.png", "--round", "3"], 2, "a.png: round 3 requested, but the picture has 2 (0 is the root)"),
        (
            ["extract", "a.png", "-o", "x.bin"],
            2,
            "a.png: --out x.bin: noise is written as .npy, .safetensors or .latent, found '.bin'",
        ),
        (["extract", "a.png", "-o", "no/x.npy"], 9, "no/x.npy: it cannot be written (No such file or directory)"),
        (
            ["strip", "a.png", "-o", "a.png"],
            9,
            "a.png: this file exists already; choose another --out, or add --force to replace it",
        ),
        (["verify", "\x1b[31mred.png"], 3, "[31mred.png: it cannot be read (No such file or directory)"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_each_error_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    assert main(arguments) == code
    out, err = capsys.readouterr()
    lines = (out + err).splitlines()
    assert [line.removeprefix("latentpng: ") for line in lines] == [message]


@pytest.mark.parametrize(
    "arguments", [[], ["paint"], ["inspect"], ["extract", "a", "b"], ["extract", "a", "--round", "-1"]]
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""


def test_each_kind_of_error_has_its_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = (folder / "a.png").read_bytes()
    latent = dict(independent.png_chunks(good))[b"laTn"]
    elsewhere = encode_record(altered(RECORD, lineage=RECORD.lineage.ancestor(1), settings={}, software={}))
    cases = {
        "plain": (encode_pixels(SIDE, SIDE, RGB), 4),
        "damaged": (png_of((b"laTn", latent[:-1])), 5),
        "newer": (png_of((b"laTn", changed(latent, 4, b"\2"))), 6),
        "codec": (png_of((b"laTn", changed(latent, 16, b"\7"))), 6),
        "replay": (png_of((b"laTn", elsewhere)), 7),
        "pixels": (with_other_pixels(good, bytes(len(RGB))), 8),
        "good": (good, 0),
    }
    for name, (data, code) in cases.items():
        (folder / f"{name}.png").write_bytes(data)
        assert main(["verify", f"{name}.png"]) == code, name
        out, err = capsys.readouterr()
        assert (out + err).count("\n") == 1
        expected = {"codec": 0, "replay": 0, "pixels": 0}.get(name, code)
        assert main(["inspect", f"{name}.png"]) == expected, name
        assert main(["extract", f"{name}.png", "-o", f"{name}.npy"]) == {"replay": 0, "pixels": 0}.get(name, code)
        capsys.readouterr()


def test_a_newer_file_shows_what_it_can(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "b.png").write_bytes(png_of((b"laTn", changed(chunk_data(), 4, b"\2"))))
    assert main(["inspect", "--json", "b.png"]) == 6
    out, err = capsys.readouterr()
    assert json.loads(out) == {"carrier": "chunk", "chunk_bytes": len(chunk_data()), "version": [2, 0]}
    assert err == "latentpng: b.png: a newer version of latentpng is needed: only version 1 is supported, found 2\n"
    (folder / "c.png").write_bytes(png_of((b"laTn", changed(chunk_data(), 17, b"\2"))))
    assert main(["inspect", "--json", "c.png"]) == 0
    out, err = capsys.readouterr()
    assert (json.loads(out)["dtype"], json.loads(out)["root"]) == (2, {"seed": "7"})
    assert err == "latentpng: c.png: a newer version of latentpng is needed: only dtype 1 is supported, found 2\n"


def test_unknown_noise_is_shown_and_not_replayed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metadata = b'{"noise":"gauss9","node":"?","rounds":[{"wave":1}],"settings":{"prompt":"a cat"}}'
    (folder / "b.png").write_bytes(png_of((b"laTn", with_metadata(chunk_data(), metadata))))
    assert main(["inspect", "b.png"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[2:] == [
        "node             ?",
        "noise            gauss9",
        'rounds           [{"wave":1}]',
        'settings         {"prompt":"a cat"}',
    ]
    sentence = "only the noise generator 'gauss1' is supported, found 'gauss9'"
    assert err == f"latentpng: b.png: a newer version of latentpng is needed: {sentence}\n"
    assert main(["extract", "b.png"]) == 6
    assert capsys.readouterr().err == f"latentpng: b.png: latent chunk at byte 33: {sentence}\n"


def test_long_lineages_show_their_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = tuple(Round(seed=seed, scale=0.5) for seed in range(20))
    write_picture(folder / "b.png", SIDE, SIDE, RGB, seeded_record(steps))
    assert main(["inspect", "b.png"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("round ")]
    assert lines[0] == "round ...        8 earlier rounds"
    assert lines[1] == "round 9          seed 8, candidate 0 of 1, scale 0.5"
    assert lines[-1] == "round 20         seed 19, candidate 0 of 1, scale 0.5"


def test_strip_in_place_and_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strip", "a.png"]) == 0
    assert (folder / "a.png").read_bytes() == encode_pixels(SIDE, SIDE, RGB)
    assert capsys.readouterr() == ("", "")
    assert main(["strip", "a.png"]) == 0
    assert capsys.readouterr() == (
        "",
        "latentpng: a.png: it carries no latent and no text of latentpng, so there is nothing to remove\n",
    )


def test_strip_warns_that_a_signature_breaks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = (folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(data[:33] + build(b"caBX", b"x") + data[33:])
    assert main(["strip", "a.png", "-o", "b.png"]) == 0
    assert capsys.readouterr().err == (
        "latentpng: a.png: this picture has a C2PA signature, which is not valid for the new file\n"
        "latentpng: b.png: it still carries text of other tools (C2PA): add --all to remove it too\n"
    )


def test_a_prompt_cannot_drive_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = altered(RECORD, settings={"prompt": "a\x1b]0;title\x07\u202eb\nc\x7f", "\x1b[2J": "\x9b"}, software={})
    write_picture(tmp_path / "a.png", SIDE, SIDE, RGB, evil)
    assert main(["inspect", str(tmp_path / "a.png")]) == 0
    assert main(["inspect", "--json", str(tmp_path / "a.png")]) == 0
    out = capsys.readouterr().out
    assert all(character.isprintable() or character == "\n" for character in out)
    assert "prompt           a]0;titleb c\n" in out


def test_help_names_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    listed = capsys.readouterr().out.partition("exit codes:\n")[2].partition("\n\n")[0].splitlines()
    assert [int(line[:3]) for line in listed] == list(ExitCode) == list(range(12))
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"latentpng {__version__}\n"


def test_help_and_inspect_start_without_the_heavy_packages(folder: Path) -> None:
    code = (
        "import sys; from latentpng.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "sys.exit(bool({'numpy', 'PIL', 'zstandard'} & set(sys.modules)))"
    )
    for arguments in (
        ["--help"],
        ["inspect", "a.png"],
        ["inspect", "--json", "."],
        ["inspect", "--short", "--sort", "-time", "--where", "rounds>=1", "."],
        ["tree", "."],
    ):
        ran = subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, check=False
        )
        assert ran.returncode == 0, ran.stderr


def test_verify_passes_after_imagemagick(folder: Path) -> None:
    convert = shutil.which("convert")
    if convert is None or b"ImageMagick" not in subprocess.run([convert, "-version"], capture_output=True).stdout:
        pytest.skip("ImageMagick is not installed")
    subprocess.run([convert, "a.png", "b.png"], cwd=folder, check=True, timeout=60)
    kinds = [kind for kind, _ in independent.png_chunks((folder / "b.png").read_bytes())]
    assert b"laTn" not in kinds
    assert main(["verify", "b.png"]) == 0
