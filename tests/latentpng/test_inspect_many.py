"""`inspect` and `verify` over many files: choosing, sorting, telling how far it is, and how it ended."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from pathlib import Path

import pytest

from latentpng import chunks, looking
from latentpng.chunks import SIGNATURE, build
from latentpng.cli import main
from latentpng.commands import progress
from latentpng.commands.inputs import visit
from latentpng.commands.output import say, show
from latentpng.commands.several import spread
from latentpng.errors import ExitCode
from latentpng.files import write_picture
from latentpng.inspecting import json_line
from latentpng.pixels import encode_pixels
from latentpng.record import Json, LatentRecord, Round
from latentpng.selecting import FIELDS
from latentpng.tally import Tally
from tests.latentpng import independent
from tests.latentpng.foreign.samples_files import USER_COMMENT, exif_of, unicode_comment
from tests.latentpng.foreign.samples_files import picture as other_picture
from tests.latentpng.pictures import RGB, SIDE, chunk_data, seeded_record, tensor_record
from tests.latentpng.test_codec import changed, with_metadata
from tests.latentpng.test_hostile import png_of

A1111 = "a dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64, Model: other, Version: v1.9.4"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four pictures, the current folder: a lighthouse, a cat, noise from elsewhere, and one without a latent."""
    steps = tuple(Round(seed=seed, scale=scale, of=4, marks=(1,)) for seed, scale in ((1, 0.5), (2, 0.25), (3, 0.125)))
    house: dict[str, Json] = {
        "prompt": "A Lighthouse", "negative_prompt": "fog", "steps": 20, "guidance": 2.5, "width": 64, "height": 32,
        "model": {"name": "Embedded"}, "scheduler": {"name": "DDIM"},
    }  # fmt: skip
    record = seeded_record(steps)
    write_picture(tmp_path / "house.png", SIDE, SIDE, RGB, with_settings(record, house))
    write_picture(tmp_path / "cat.png", SIDE, SIDE, RGB, seeded_record(steps[:1]))
    write_picture(tmp_path / "tensor.png", SIDE, SIDE, RGB, tensor_record())
    (tmp_path / "plain.png").write_bytes(encode_pixels(SIDE, SIDE, RGB))
    for number, name in enumerate(("tensor", "house", "cat", "plain")):
        os.utime(tmp_path / f"{name}.png", (0, 1_700_000_000 + 86_400 * number))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def with_settings(record: LatentRecord, chosen: dict[str, Json]) -> LatentRecord:
    """The same noise with other settings."""
    return LatentRecord(
        lineage=record.lineage, tensor=record.tensor, axes=record.axes, node=record.node, settings=chosen
    )


def names(out: str) -> list[str]:
    """The files of JSON lines, without their ending."""
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
def test_where_chooses(
    folder: Path,  # noqa: ARG001 - it is the current folder
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
def test_sort_orders_and_puts_those_that_say_nothing_last(
    folder: Path,  # noqa: ARG001 - it is the current folder
    capsys: pytest.CaptureFixture[str],
    order: list[str],
    expected: list[str],
) -> None:
    assert main(["inspect", "--json", ".", "--sort", *order]) == 0
    assert names(capsys.readouterr().out) == expected


KNOWN = ", ".join(FIELDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--where", "colour=red"], f"--where colour=red: a field is one of {KNOWN}, found 'colour'"),
        (["--where", "rounds"], "--where rounds: a field, one of = != < <= > >= ~ and a value needed"),
        (["--where", "rounds>=many"], "--where rounds>=many: a number needed, found 'many'"),
        (["--where", "scale=nan"], "--where scale=nan: a number needed, found 'nan'"),
        (["--where", "rounds~1"], "--where rounds~1: rounds is a number, and ~ looks into texts"),
        (["--where", "time>now"], "--where time>now: a date such as 2025-01-31 or 2025-01-31T18:00 needed"),
        (["--sort", "colour"], f"--sort: a field is one of {KNOWN}, found 'colour'"),
        (["--sort", "--name"], f"--sort: a field is one of {KNOWN}, found '-name'"),
    ],
)
def test_a_wrong_condition_is_one_sentence(
    folder: Path,  # noqa: ARG001 - it is the current folder
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    assert main(["inspect", ".", *arguments]) == 2
    assert capsys.readouterr() == ("", f"latentpng: {message}\n")


def test_the_fields_are_told_by_help(capsys: pytest.CaptureFixture[str]) -> None:
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
        "newer.png  a newer version is needed",
        "tensor.png  tensor, 1 round, 2 x 8 x 8",
    ]
    assert err == "latentpng: newer.png: a newer version is needed: this reads version 1, found 2\n"


def test_a_folder_shows_all_of_each_file_unless_asked_otherwise(
    folder: Path,  # noqa: ARG001 - it is the current folder
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


def test_lines_come_as_files_are_read_and_sorted_ones_at_the_end(
    folder: Path,  # noqa: ARG001 - it is the current folder
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look, written = looking.look, io.StringIO()
    seen: list[int] = []

    def watched(file: str) -> looking.Seen:
        seen.append(written.getvalue().count("\n"))
        return look(file)

    monkeypatch.setattr(looking, "look", watched)
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
        seen = looking.look(path)
        assert seen.front is not None
        line = json_line(seen.front, "\x7f月\udcff.png")
        assert line.isascii()
        assert line.isprintable()
        found.append({key: value for key, value in json.loads(line).items() if key != "chunk_bytes"})
    assert found == [found[0]] * 6
    path.write_bytes(png_of((b"laTn", with_metadata(chunk_data(), metadata.replace(b"a cat", b"a\x7fcat")))))
    seen = looking.look(path)
    assert seen.front is not None
    assert '"prompt":"a\\u007fcat"' in json_line(seen.front)
    assert found[0]["file"] == "\x7f月?.png"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Time that goes on by a step each time it is asked for."""

    def __init__(self, step: float) -> None:
        self.now = 0.0
        self._step = step

    def __call__(self) -> float:
        self.now += self._step
        return self.now


def with_streams(monkeypatch: pytest.MonkeyPatch, out: io.StringIO, err: io.StringIO, step: float) -> None:
    """These streams, and a clock that counts by steps."""
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(time, "monotonic", Clock(step))


def test_a_terminal_sees_how_far_it_is_and_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), Terminal()
    with_streams(monkeypatch, out, err, 0.25)
    visit(["a", "b", "c"], lambda _: ExitCode.OK)
    drawn = ["[=============       ] 2 of 3 files, 4.0 a second", "[====================] 3 of 3 files, 4.0 a second"]
    assert err.getvalue() == "".join(f"{line}\r{' ' * len(line)}\r" for line in drawn)
    assert out.getvalue() == ""


def test_a_line_never_stands_between_results(monkeypatch: pytest.MonkeyPatch) -> None:
    both = Terminal()
    with_streams(monkeypatch, both, both, 0.6)

    def action(file: str) -> ExitCode:
        show(file)
        say(f"{file} is odd")
        return ExitCode.OK

    visit(["a", "b", "c"], action)
    line = "[=============       ] 2 of 3 files, 1.7 a second"
    blank = f"\r{' ' * len(line)}\r"
    assert both.getvalue() == (
        f"a\nlatentpng: a is odd\nb\nlatentpng: b is odd\n{line}{blank}c\nlatentpng: c is odd\n"
        f"[====================] 3 of 3 files, 1.7 a second{blank}"
    )


def test_machines_see_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = Terminal(), io.StringIO()
    with_streams(monkeypatch, out, err, 5)
    visit(["a", "b"], lambda _: ExitCode.OK)
    assert (out.getvalue(), err.getvalue()) == ("", "")


def test_many_files_are_counted_in_thousands() -> None:
    assert progress.progress_text(2500, 10_000, 0.1) == "[=====               ] 2,500 of 10,000 files, 25,000 a second"


def test_results_wait_no_longer_than_a_tenth_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[float] = []
    clock = Clock(0.03)
    monkeypatch.setattr(time, "monotonic", clock)
    monkeypatch.setattr("latentpng.commands.inputs.flush", lambda: flushed.append(clock.now))
    visit([str(number) for number in range(12)], lambda _: ExitCode.OK)
    assert [round(moment, 2) for moment in flushed] == [0.15, 0.27, 0.39]


WORST_FIRST = [1, 2, 9, 3, 5, 7, 8, 11, 10, 6, 4, 0]


def test_the_exit_code_is_that_of_the_worst() -> None:
    for place, code in enumerate(WORST_FIRST):
        tally = Tally()
        for other in reversed(WORST_FIRST[place:]):
            tally.codes[ExitCode(other)] += 1
        assert tally.worst == code
    assert Tally().worst == 0


def test_help_tells_the_order(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    order = ", ".join(map(str, WORST_FIRST[:-1]))
    assert f"the exit code is that of the worst one: {order}, from the worst on.\n" in capsys.readouterr().out


def bad_files(folder: Path) -> None:
    """A damaged file, one of a newer version, and one that is none."""
    latent = dict(independent.png_chunks((folder / "cat.png").read_bytes()))[b"laTn"]
    (folder / "damaged.png").write_bytes(png_of((b"laTn", latent[:-1])))
    (folder / "newer.png").write_bytes(png_of((b"laTn", changed(latent, 4, b"\2"))))
    (folder / "zero.png").write_bytes(b"")
    cat = list(independent.png_chunks((folder / "cat.png").read_bytes()))
    white = dict(independent.png_chunks(encode_pixels(SIDE, SIDE, b"\xff" * len(RGB))))[b"IDAT"]
    parts = [build(kind, white if kind == b"IDAT" else data) for kind, data in cat]
    (folder / "pixels.png").write_bytes(SIGNATURE + b"".join(parts))


def test_verify_counts_and_ends_with_the_worst(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad_files(folder)
    assert main(["verify", "."]) == 3
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 7
    counts = "3 good, 1 not readable, 1 damaged, 1 of a newer version, 1 with other pixels"
    assert err == f"latentpng: 7 files: {counts}; 1 without a latent passed over\n"
    (folder / "zero.png").unlink()
    assert main(["verify", "newer.png", "pixels.png", "damaged.png", "cat.png", "plain.png"]) == 5
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        "latentpng: plain.png: it carries no latent",
        "latentpng: 5 files: 1 good, 1 without a latent, 1 damaged, 1 of a newer version, 1 with other pixels",
    ]
    assert main(["verify", "newer.png", "pixels.png"]) == 8
    assert main(["verify", "newer.png", "plain.png"]) == 6


def test_verify_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad_files(folder)
    assert main(["verify", "--json", "cat.png", "zero.png"]) == 3
    out, err = capsys.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == [
        {
            "exit_code": 0,
            "file": "cat.png",
            "passed": ["noise of 2 x 8 x 8", "lineage of 1 round", "pixels"],
            "problem": "",
            "result": "good",
        },
        {
            "exit_code": 3,
            "file": "zero.png",
            "passed": [],
            "problem": "zero.png: it is not a PNG, it is empty",
            "result": "not readable",
        },
    ]
    assert err == "latentpng: 2 files: 1 good, 1 not readable\n"


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_several_processes_say_the_same_in_the_same_order(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: list[str]
) -> None:
    bad_files(folder)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((folder / "cat.png").read_bytes())))
    code = main(["verify", *form, ".", "-", "gone.png"])
    alone = capfd.readouterr()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((folder / "cat.png").read_bytes())))
    assert main(["verify", "-j", "2", *form, ".", "-", "gone.png"]) == code == 3
    assert capfd.readouterr() == alone
    assert alone.out.count("\n") > 5


def killed(file: str) -> str:
    """Work that ends its process; a function of a module, so that another process finds it."""
    os.kill(os.getpid(), 9)
    return file


def test_a_process_that_is_killed_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with spread(killed, ["a", "b", "c"], 2) as results:
        assert list(results) == []
    told = "latentpng: a process was killed, perhaps for want of memory: the rest is read one by one\n"
    assert capsys.readouterr() == ("", told)


@pytest.mark.parametrize("number", ["0", "-1", "257", "x", "9" * 5000])
def test_a_number_of_jobs_is_a_number(capsys: pytest.CaptureFixture[str], number: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["verify", f"-j{number}", "a.png"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith(f"argument -j/--jobs: 1 to 256 are needed, found {number!r}\n")


def test_one_file_needs_no_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ARG001
    assert main(["verify", "cat.png"]) == 0
    assert capsys.readouterr().err == ""


def test_a_folder_that_cannot_be_read_is_told_and_the_others_are_read(
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
    """A PNG with web UI's text, before the pixels or behind them."""
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
        "carrier          foreign: a text of another tool",
        "tool             Stable Diffusion web UI v1.9.4",
        "prompt           a dog",
    ]
    (folder / "cut.jpg").write_bytes((folder / "dog.jpg").read_bytes()[:100])
    assert main(["inspect", "cut.jpg"]) == 3
    assert capsys.readouterr().err.startswith("latentpng: cut.jpg: ")
    assert main(["inspect", "photo.JPEG"]) == 4
    assert capsys.readouterr().err == "latentpng: photo.JPEG: it carries no latent, and no text of another tool\n"


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


def test_our_own_texts_need_no_second_look(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "walk", None)
    for name in ("cat", "house", "tensor"):
        seen = looking.look(folder / f"{name}.png")
        assert seen.front is not None
        assert seen.foreign is None
