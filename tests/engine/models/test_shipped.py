"""The configurations and vocabularies that ship: their bytes, their folder, and the loss of that folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from engine.models import shipped
from engine.models.find import find_model, model_identity, remember_model
from engine.models.fingerprints import fingerprint
from engine.models.resolve import resolve_model
from tests.support.engine.headers import checkpoint


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


@pytest.mark.parametrize(("family", "part"), [("Stable Diffusion 1", "tokenizer"), ("SDXL", "tokenizer_2")])
def test_the_vocabulary_of_clip_is_the_published_one_byte_for_byte(family: str, part: str) -> None:
    folder = shipped.config_folder(family) / part
    sizes = {name: (folder / name).stat().st_size for name in ("vocab.json", "merges.txt")}
    assert sizes == {"vocab.json": 862_328, "merges.txt": 524_619}
    assert digest(folder / "vocab.json") == "5047b556ce86ccaf"
    assert digest(folder / "merges.txt") == "9fd691f7c8039210"


def test_the_other_vocabularies_are_the_published_ones() -> None:
    assert digest(shipped.config_folder("Chroma") / "tokenizer" / "tokenizer.json") == "f5dfec163765e18e"
    assert digest(shipped.config_folder("Z-Image") / "tokenizer" / "tokenizer.json") == "aeb13307a71acd8f"


def test_all_of_it_stays_small() -> None:
    folder = Path(shipped.__file__).parent / "configs"
    assert sum(file.stat().st_size for file in folder.iterdir()) < 3_000_000


@pytest.mark.parametrize("family", shipped.CONFIGS)
def test_every_family_has_a_whole_folder(family: str) -> None:
    folder = shipped.config_folder(family)
    assert shipped.family_of(folder) == family
    index = json.loads((folder / "model_index.json").read_text())
    parts = {name for name, entry in index.items() if isinstance(entry, list) and entry[0]}
    assert parts == {file.name for file in folder.iterdir() if file.is_dir()}
    assert all(any((folder / part).glob("*config*.json")) for part in parts)


def test_a_folder_that_lost_a_file_is_completed_with_the_same_bytes() -> None:
    folder = shipped.config_folder("SDXL")
    before = fingerprint(folder)
    (folder / "tokenizer" / "vocab.json").unlink()
    (folder / "unet" / "config.json").write_text("{}")
    assert shipped.config_folder("SDXL") == folder
    assert fingerprint(folder) == before


def test_a_remembered_folder_is_written_again_where_the_cache_is_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shipped.config_folder("SDXL")
    before = fingerprint(folder)
    shutil.rmtree(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    again = Path(shipped.restored(str(folder)))
    assert again.is_relative_to(tmp_path / "elsewhere")
    assert fingerprint(again) == before
    assert shipped.restored(str(again)) == str(again)
    for own in (
        "/nowhere/sdxl-base",
        "/my/configs/sdxl-base",
        f"/my/configs/{folder.name}",
        "/my/warmer/configs/sdxl-1",
    ):
        assert shipped.restored(own) == own, "a folder of the user is never replaced"
        assert shipped.family_of(own) == ""


def test_a_picture_finds_its_single_file_after_the_cache_was_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = resolve_model(str(checkpoint(tmp_path / "pony.safetensors", "SDXL")))
    identity = model_identity(choice)
    remember_model(choice, identity)
    shutil.rmtree(choice.folder)
    assert find_model(identity) == choice
    assert model_identity(find_model(identity)) == identity
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    shutil.rmtree(choice.folder)
    found = find_model(identity)
    assert found.folder.is_relative_to(tmp_path / "elsewhere")
    assert model_identity(found) == identity, "the fingerprint does not depend on where the folder is"


def test_a_cache_may_be_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "large-disk").mkdir()
    (tmp_path / "cache").mkdir(exist_ok=True)
    shutil.rmtree(tmp_path / "cache" / "warmer", ignore_errors=True)
    (tmp_path / "cache" / "warmer").symlink_to(tmp_path / "large-disk")
    choice = resolve_model(str(checkpoint(tmp_path / "mix.safetensors", "Stable Diffusion 2")))
    assert shipped.family_of(choice.config) == "Stable Diffusion 2"
    assert resolve_model(choice.path, config=choice.config) == choice


def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/version/cache")
    folder = shipped.config_folder("Stable Diffusion 1")
    assert (folder / "model_index.json").is_file()
    assert not folder.is_relative_to("/proc")
    assert shipped.config_folder("Stable Diffusion 1") == folder
    assert shipped.family_of(folder) == "Stable Diffusion 1"
