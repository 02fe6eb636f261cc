"""What is shown of a picture of another tool: its lines, and the one line of `--short`."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentpng.cli import main
from latentpng.foreign.record import ForeignRecord
from latentpng.reports.look import PictureInfo
from latentpng.reports.show import info_lines, short_line
from tests.support.foreign.samples_files import png_of


def info(record: ForeignRecord) -> PictureInfo:
    return PictureInfo("a.png", None, record)


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (ForeignRecord(tool="service", made_by="Midjourney", prompt="a boat"), "a.png  Midjourney: a boat"),
        (ForeignRecord(tool="service"), "a.png  service"),
        (ForeignRecord(tool="unknown", notes=("x",)), "a.png  no known settings"),
        (ForeignRecord(tool="unknown", extra=(("texts", ["x"]),)), "a.png  unknown tool"),
        (ForeignRecord(tool="unknown", prompt="a boat", seed=5), "a.png  unknown tool, seed 5: a boat"),
        (ForeignRecord(tool="unknown", made_by="NMKD", seed=5), "a.png  NMKD, seed 5"),
        (ForeignRecord(tool="forge", made_by="reForge", seed=5), "a.png  forge, seed 5"),
    ],
)
def test_one_line_names_the_service_or_the_tool(record: ForeignRecord, line: str) -> None:
    assert short_line(info(record)) == line


def test_the_lines_say_where_they_were_read() -> None:
    assert info_lines(info(ForeignRecord(tool="mflux", seed=5))) == [
        "carrier          foreign: metadata of another tool",
        "tool             mflux",
        "seed             5",
    ]


def test_a_text_that_is_not_understood_is_shown_with_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(png_of({"parameters": '{"engine": "my-own"}'}))
    assert main(["inspect", str(file)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "carrier          foreign: metadata of another tool",
        "tool             an unknown tool",
        "note             its text 'parameters' (20 characters) is not understood; `latentpng inspect --raw` shows it",
    ]


def test_a_picture_without_such_text_is_told_truly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(png_of({"Comment": "Created with GIMP", "Software": "GIMP 3"}))
    assert main(["inspect", str(file)]) == 4
    assert capsys.readouterr().err == f"latentpng: {file}: it carries no latent and no metadata of another tool\n"
