"""The list of models that were loaded on this machine: it survives damage, and stays short."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.models import remembered
from engine.models.remembered import Remembered


def entry(digest: str, path: str = "/x") -> Remembered:
    return Remembered(digest=digest, path=path, name="x", pipeline="StableDiffusionPipeline")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 3}', '[3, {"digest": "a"}]', '[{"digest": "a", "path": 3}]'])
def test_a_damaged_list_of_models_counts_as_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "warmer").mkdir()
    (tmp_path / "warmer" / "models.json").write_text(text)
    assert remembered.recall("a") == ()
    remembered.remember(entry("a"))
    assert remembered.recall("a") == (entry("a"),)


def test_the_list_of_models_forgets_the_oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for number in range(303):
        remembered.remember(entry(str(number), f"/{number}"))
    assert remembered.recall("2") == ()
    assert remembered.recall("3") == (entry("3", "/3"),)


def test_a_path_stands_for_the_last_weights_and_weights_may_have_two_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for known in (entry("a", "/x"), entry("b", "/x"), entry("b", "/y")):
        remembered.remember(known)
    assert remembered.recall("a") == ()
    assert remembered.recall("b") == (entry("b", "/y"), entry("b", "/x"))


def test_a_list_of_models_that_cannot_be_written_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    remembered.remember(entry("a"))


def test_models_in_separate_files_are_remembered_beside_entries_of_earlier_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "warmer").mkdir()
    state = tmp_path / "warmer" / "models.json"
    old = {"digest": "a", "path": "/x", "name": "x", "config": "", "pipeline": "StableDiffusionPipeline"}
    state.write_text(json.dumps([old, {**old, "digest": "b", "text_encoders": 3}]))
    assert remembered.remembered() == (entry("a"),)
    parts = replace(entry("c"), text_encoders=("/clip", "/t5"))
    other = replace(entry("d"), text_encoders=("/clip", "/t5_fp8"))
    for known in (parts, other):
        remembered.remember(known)
    assert remembered.remembered() == (other, parts, entry("a")), "the same file with other encoders is another model"
    written = json.loads(state.read_text())
    assert written[0] == old, "earlier versions read it too"
    assert written[1] == {**old, "digest": "c", "text_encoders": ["/clip", "/t5"]}
