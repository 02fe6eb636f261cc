"""`latentpng inspect --raw` and `--workflow`: the texts of other tools as they stand, and their graph."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from latentpng.cli import main
from latentpng.png.chunks import build
from latentpng.png.texts import build_text
from tests.support.foreign.samples import COMFYUI
from tests.support.foreign.samples_files import USER_COMMENT, exif_of, picture, png, png_of
from tests.support.foreign.samples_webui import A1111
from tests.support.foreign.stealth import bits_of, hide, noisy, saved

EDITOR = '{"nodes": [{"id": 1}],  "links": []}'
API = COMFYUI.texts["prompt"]
EVIL = "a\x1b[31m\r\nb\tc\u202e"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_raw_prints_each_text_under_its_keyword(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (folder / "a.png").write_bytes(png_of({"prompt": API, "Odd": EVIL}))
    assert main(["inspect", "--raw", "a.png"]) == 0
    expected = f"-------- prompt\n{API}\n-------- Odd\n{EVIL}\n".encode()
    assert capfdbinary.readouterr() == (expected, b"")


def test_raw_is_safe_on_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.png").write_bytes(png_of({"Odd\x1b": EVIL}))
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["inspect", "--raw", "a.png"]) == 0
    assert terminal.getvalue() == "-------- Odd\na[31m\nb c\n"


def test_lines_of_a_text_do_not_look_like_headlines_on_a_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.png").write_bytes(png_of({"Odd": "a\n\x1b======== b.png\n-------- prompt"}))
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["inspect", "--raw", "a.png"]) == 0
    assert terminal.getvalue() == "-------- Odd\na\n ======== b.png\n -------- prompt\n"


@pytest.mark.parametrize("output", ["a.png", "./a.png", "link.png"])
def test_a_graph_never_replaces_its_picture(output: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.png").write_bytes(png_of({"workflow": EDITOR}))
    (folder / "link.png").symlink_to("a.png")
    assert main(["inspect", "--workflow", output, "--force", "a.png"]) == 9
    said = f"latentpng: {output}: this is the picture itself, which the graph would replace; choose another name\n"
    assert capsys.readouterr() == ("", said)
    assert (folder / "a.png").read_bytes() == png_of({"workflow": EDITOR})


def test_raw_of_many_files_names_each_and_reports_those_without(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (folder / "a.png").write_bytes(png_of({"Title": "x"}))
    (folder / "b.jpg").write_bytes(picture("JPEG", exif_of({0x0131: "y"})))
    (folder / "c.png").write_bytes(png())
    expected = b"======== a.png\n-------- Title\nx\n======== b.jpg\n-------- Software\ny\n"
    assert main(["inspect", "--raw", "a.png", "b.jpg", "c.png"]) == 4
    assert capfdbinary.readouterr() == (expected, b"latentpng: c.png: it has no text of another tool\n")
    assert main(["inspect", "--raw", "."]) == 0
    assert capfdbinary.readouterr() == (expected, b"")


def test_raw_leaves_our_own_text_out_and_tells_the_notes(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    own = build_text("parameters", "a\nVersion: latentpng 1")
    (folder / "a.png").write_bytes(png([own]))
    assert main(["inspect", "--raw", "a.png"]) == 4
    assert capfdbinary.readouterr() == (b"", b"latentpng: a.png: it has no text of another tool\n")
    title = build_text("Title", "x")
    (folder / "a.png").write_bytes(png([own, title[:-4] + bytes(4)]))
    assert main(["inspect", "--raw", "a.png"]) == 0
    note = b"latentpng: a.png: the checksum of its text 'Title' is wrong\n"
    assert capfdbinary.readouterr() == (b"-------- Title\nx\n", note)


def api_in(keyword: str, value: object) -> bytes:
    return png_of({keyword: value if isinstance(value, str) else json.dumps(value)})


GRAPH = json.loads(API)
COMMENT = f'{{"prompt": {API}, "workflow": {EDITOR}}}'
FILES = {
    "editor": (png_of({"prompt": API, "workflow": EDITOR}), EDITOR),
    "API alone": (png_of({"prompt": API}), API),
    "editor that is no graph": (png_of({"prompt": API, "workflow": "{}"}), API),
    "API under the editor's keyword": (png_of({"workflow": API}), API),
    "JPEG": (picture("JPEG", exif_of({0x010F: f"workflow:{EDITOR}", 0x0110: f"prompt:{API}"})), EDITOR),
    "WebP": (picture("WEBP", exif_of({0x0110: f"prompt:{API}"})), API),
    "AVIF": (picture("AVIF", exif_of({0x010F: f"workflow:{EDITOR}"})), EDITOR),
    "member of a comment": (picture("JPEG", exif_of({}, {USER_COMMENT: COMMENT.encode()})), json.loads(EDITOR)),
    "graph in a comment": (picture("JPEG", exif_of({}, {USER_COMMENT: API.encode()})), API),
    "text in an object": (api_in("parameters", {"workflow": EDITOR}), EDITOR),
    "hidden": (
        saved(hide(noisy("RGBA", 300, 300), bits_of(COMMENT.encode(), in_alpha=True, packed=True), in_alpha=True)),
        json.loads(EDITOR),
    ),
    "wrong checksum": (png([build_text("workflow", EDITOR)[:-4] + bytes(4)]), EDITOR),
}


@pytest.mark.parametrize("name", FILES)
def test_the_graph_of_the_editor_is_saved_else_that_of_the_api(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    data, expected = FILES[name]
    (folder / "a").write_bytes(data)
    assert main(["inspect", "--workflow", "out.json", "a"]) == 0
    assert capsys.readouterr() == ("", "")
    written = (folder / "out.json").read_text("utf-8")
    assert written == expected if isinstance(expected, str) else json.loads(written) == expected


def test_a_graph_is_not_written_over_a_file_without_force(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.png").write_bytes(png_of({"workflow": EDITOR}))
    (folder / "out.json").write_text("mine")
    assert main(["inspect", "--workflow", "out.json", "a.png"]) == 9
    assert capsys.readouterr().err == (
        "latentpng: out.json: this file exists already; choose another name, or add --force to replace it\n"
    )
    assert (folder / "out.json").read_text() == "mine"
    for option in ("-f", "--force", "--overwrite"):
        (folder / "out.json").write_text("mine")
        assert main(["inspect", "--workflow", "out.json", "a.png", option]) == 0
        assert (folder / "out.json").read_text() == EDITOR


def test_a_graph_goes_to_standard_output(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (folder / "a.png").write_bytes(png_of({"workflow": EDITOR}))
    assert main(["inspect", "--workflow", "-", "a.png"]) == 0
    assert capfdbinary.readouterr() == (f"{EDITOR}\n".encode(), b"")


@pytest.mark.parametrize(
    ("data", "code", "problem"),
    [
        (png(), 4, "it has no graph of ComfyUI"),
        (png_of(A1111.texts), 4, "it has no graph of ComfyUI"),
        (png_of({"prompt": "a prompt", "workflow": "{"}), 4, "it has no graph of ComfyUI; its text 'prompt' contains "
         "a prompt and no settings; its text 'workflow' (1 character) is not understood; `latentpng inspect --raw` "
         "shows it"),
        (png([build(b"zTXt", b"workflow\0\0x")]), 4, "it has no graph of ComfyUI; its text 'workflow' is damaged, or "
         "longer than the 8,388,608 bytes that are read"),
        (b"x", 3, "it is not a PNG, JPEG, WebP, AVIF or GIF"),
    ],
)  # fmt: skip
def test_a_file_without_a_graph_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], data: bytes, code: int, problem: str
) -> None:
    (folder / "a").write_bytes(data)
    assert main(["inspect", "--workflow", "out.json", "a"]) == code
    assert capsys.readouterr() == ("", f"latentpng: a: {problem}\n")
    assert not (folder / "out.json").exists()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--workflow", "x", "a", "b"], "--workflow saves the graph of one file: name one picture, and no folder"),
        (["--workflow", "x", "."], "--workflow saves the graph of one file: name one picture, and no folder"),
        (["--workflow", "", "a"], "'': this is not a valid file name"),
        (["--raw", "a", "--where", "seed=1"],
         "--where and --sort choose among what inspect shows, so they cannot be used with --raw or --workflow"),
        (["--workflow", "x", "a", "--sort", "seed"],
         "--where and --sort choose among what inspect shows, so they cannot be used with --raw or --workflow"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], problem: str
) -> None:
    for name in ("a", "b"):
        (folder / name).write_bytes(png_of({"workflow": EDITOR}))
    assert main(["inspect", *words]) in (2, 9)
    assert capsys.readouterr() == ("", f"latentpng: {problem}\n")


@pytest.mark.parametrize("other", ["--json", "--short"])
def test_raw_and_workflow_are_forms_of_their_own(other: str) -> None:
    for words in (["--raw"], ["--workflow", "x"]):
        with pytest.raises(SystemExit) as caught:
            main(["inspect", "a", other, *words])
        assert caught.value.code == 2
