"""Digests of weights: each file is read once while it stays the same, and the cache survives damage."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.models import fingerprints
from engine.models.fingerprints import file_digest, fingerprint, model_fingerprint, path_fingerprint
from engine.models.look import look_at_file
from tests.support.engine.folders import model_folder, tensors


def settle(folder: Path) -> None:
    """Make all files of a folder an hour old."""
    for file in folder.rglob("*"):
        os.utime(file, (file.stat().st_atime, file.stat().st_mtime - 3600))


def test_weights_are_read_once_while_size_and_time_stay_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model_folder(tmp_path / "lakes")
    settle(folder)
    first = path_fingerprint(folder)
    assert first == fingerprint(folder)
    monkeypatch.setattr(fingerprints, "fingerprint", lambda _: "read again")
    assert path_fingerprint(folder) == first
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    os.utime(weights, (0, 0))
    assert path_fingerprint(folder) == "read again"


def test_the_digest_of_a_file_that_has_just_changed_is_not_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model_folder(tmp_path / "lakes")
    path_fingerprint(folder)
    monkeypatch.setattr(fingerprints, "fingerprint", lambda _: "read again")
    assert path_fingerprint(folder) == "read again"


def test_folders_and_links_to_nothing_are_no_files_of_a_model(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "lakes")
    before = fingerprint(folder)
    (folder / "unet" / "tokenizer.json").mkdir()
    (folder / "unet" / "more.json").symlink_to("nowhere")
    assert fingerprint(folder) == before


def test_kinds_of_digests_do_not_mix(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "lakes")
    file = tensors(tmp_path / "one" / "single.safetensors")
    settle(tmp_path)
    digests = [(path_fingerprint(file), file_digest(file), model_fingerprint(look_at_file(file, folder))) for _ in "12"]
    assert len(set(digests[0])) == 3
    assert digests[0] == digests[1]


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_a_damaged_cache_counts_as_empty(tmp_path: Path, text: str) -> None:
    folder = model_folder(tmp_path / "lakes")
    settle(folder)
    (tmp_path / "cache" / "warmer").mkdir(parents=True)
    (tmp_path / "cache" / "warmer" / "digests.json").write_text(text)
    assert path_fingerprint(folder) == path_fingerprint(folder) == fingerprint(folder)


def test_a_cache_that_cannot_be_written_is_ignored(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "lakes")
    settle(folder)
    (tmp_path / "cache").write_text("")
    assert path_fingerprint(folder) == fingerprint(folder)
