"""What an import refuses and warns about: a row for each kind, and the same rows in docs/import.md."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import latentpng
from latentpng.cli import main
from latentpng.errors import InvalidValueError
from latentpng.foreign.choices import Choices
from latentpng.foreign.importing import import_picture
from latentpng.foreign.rebuild import rebuild
from tests.support.foreign.import_table import REFUSED, WARNED, Row, table

PAGE = Path(__file__).parents[3] / "docs" / "import.md"


def named(rows: tuple[Row, ...]) -> pytest.MarkDecorator:
    """Make a test of each row."""
    return pytest.mark.parametrize("row", [pytest.param(row, id=row.kind[:40]) for row in rows])


def picture_of(row: Row, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a picture of the row's size, whose metadata is read as the row's record."""
    monkeypatch.setattr("latentpng.foreign.importing.read_foreign", lambda _: row.record)
    path = folder / "a.png"
    Image.new("RGB", row.picture).save(path)
    return path


@named(REFUSED)
def test_noise_that_cannot_be_known_is_refused_and_nothing_is_written(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = picture_of(row, tmp_path, monkeypatch)
    assert main(["import", str(path)]) == 2
    assert capsys.readouterr() == ("", f"latentpng: {path}: {row.sentence}\n")
    assert list(tmp_path.iterdir()) == [path]


@named(REFUSED)
def test_an_option_is_named_where_it_helps_and_only_there(row: Row) -> None:
    if row.helps is None:
        assert "--" not in row.sentence
        for choices in (
            Choices(tool="a1111", picture=row.picture),
            Choices(channels=16, randomness="cpu", picture=row.picture),
        ):
            with pytest.raises(InvalidValueError):
                rebuild(row.record, choices)
    else:
        assert row.option.strip("`") in row.sentence
        assert rebuild(row.record, replace(row.helps, picture=row.picture)).noise.any()


@named(WARNED)
def test_noise_that_is_not_all_is_rebuilt_with_a_warning(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = picture_of(row, tmp_path, monkeypatch)
    assert import_picture(path).warnings == (row.sentence, *row.also)
    assert main(["import", str(path)]) == 0
    target = tmp_path / "a.latent.png"
    first, *warnings, following = capsys.readouterr().err.splitlines()
    assert first.startswith(f"latentpng: {target}: noise of ")
    assert warnings == [f"latentpng: {target}: {sentence}" for sentence in (row.sentence, *row.also)]
    assert following.startswith(f"latentpng: {target}: open it with warmer ")
    root = latentpng.read(target).lineage.root
    assert isinstance(root, latentpng.TensorRoot)
    assert root.source["warnings"] == [row.sentence, *row.also]


def test_the_page_has_these_rows_and_no_others() -> None:
    page = PAGE.read_text("utf-8").partition("## What is refused")[2]
    expected = [*table(REFUSED, options=True), *table(WARNED, options=False)]
    assert [line for line in page.splitlines() if line.startswith("|")] == expected


def test_a_picture_without_anything_else_has_no_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = picture_of(Row(kind="", says={}, sentence=""), tmp_path, monkeypatch)
    imported = import_picture(path)
    assert imported.warnings == ()
    root = imported.record.lineage.root
    assert isinstance(root, latentpng.TensorRoot)
    assert "warnings" not in root.source
