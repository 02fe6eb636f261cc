"""What an import names is found by name and hash, and what is not here is said."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from engine.models import fingerprints, imported
from engine.models.hashes import same_hash
from engine.models.imported import ImportedParts, hash_notice, imported_model, imported_parts, is_import
from engine.models.remembered import Remembered, remember
from engine.rendering.requests import EmbeddingChoice, LoraChoice
from latentpng.record import Json
from tests.support.engine.folders import tensors


@pytest.fixture
def shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the folders of a configuration file, which names them."""
    root = tmp_path / "all"
    names = ("models", "loras", "vaes", "embeddings")
    lines = [f'{name} = "{root / name}"' for name in names]
    for name in names:
        (root / name).mkdir(parents=True)
    config = tmp_path / "config.toml"
    config.write_text("\n".join(["[folders]", *lines]))
    monkeypatch.setenv("WARMER_CONFIG", str(config))
    return root


def hashes(path: Path) -> dict[str, str]:
    """Return the hashes that tools write, computed plainly from their definitions."""
    data = path.read_bytes()
    header = int.from_bytes(data[:8], "little")
    return {
        "whole": hashlib.sha256(data).hexdigest(),
        "behind the header": hashlib.sha256(data[8 + header :]).hexdigest(),
        "early": hashlib.sha256(data[0x100000:0x110000]).hexdigest()[:8],
    }


def test_every_kind_of_hash_is_compared(tmp_path: Path) -> None:
    path = tensors(tmp_path / "boats.safetensors")
    path.write_bytes(path.read_bytes() + bytes(range(256)) * 5000)
    of = hashes(path)
    for digest in (
        of["whole"][:10],
        of["whole"],
        of["whole"].upper()[:12],
        f"sha256:{of['whole']}",
        of["behind the header"][:12],
        f"0x{of['behind the header']}",
        of["early"],
        of["whole"][:8],
    ):
        assert same_hash(path, digest) is True
    assert same_hash(path, "0" * 10) is False
    for unknown in ("", "blake3:00ff00ff", "abc", "no hash", "0" * 65):
        assert same_hash(path, unknown) is None
    assert same_hash(tmp_path / "gone.safetensors", "0" * 10) is None
    assert same_hash(tmp_path, "0" * 10) is None


def test_a_large_file_is_read_once_and_not_without_a_word(
    shelves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(fingerprints, "write_state", no_room)
    monkeypatch.setattr(imported, "_LONG", 1000)
    path = tensors(shelves / "models" / "boats.safetensors")
    path.write_bytes(path.read_bytes() + bytes(1000))
    os.utime(path, (0, 0))
    size, other = path.stat().st_size / 10**9, tensors(tmp_path / "small.safetensors")
    read: list[Path] = []

    def digest(file: Path) -> str:
        read.append(file)
        return "ab" * 32

    monkeypatch.setattr(fingerprints, "_digest", digest)
    said = f"reading {path} ({size:.1f} GB) to compare its hash, this once"
    for recorded in ("0123456789", "sha256:01234567", "autov2:01234567"):
        assert hash_notice({"name": "boats", "hash": recorded}) == said
    assert hash_notice({"name": "another", "hash": "0123456789"}, path) == said
    for silent in (
        {"name": "boats"},
        {"name": "boats", "hash": "01234567"},
        {"name": "boats", "hash": "blake3:00ff00ff"},
    ):
        assert hash_notice(silent) == ""
    assert hash_notice({"name": "boats", "hash": "0123456789"}, other) == ""
    assert hash_notice({"name": "boats", "fingerprint": "0" * 64, "hash": "0123456789"}) == ""
    assert not read
    assert same_hash(path, "0123456789") is False
    assert same_hash(path, "abababababab"[:10]) is True
    assert read == [path]  # although nothing can be written to the cache
    assert hash_notice({"name": "boats", "hash": "0123456789"}) == ""
    assert hash_notice({"name": "boats", "hash": "autov3:0123456789"}) == said


def no_room(path: Path, _: object) -> None:
    raise OSError(28, "No space left on device", str(path))


def test_a_model_is_found_by_its_name_unless_its_hash_differs(shelves: Path, tmp_path: Path) -> None:
    path = tensors(shelves / "models" / "anime" / "boatsMix_v3.safetensors")
    digest = hashes(path)["whole"][:10]
    for recorded in (
        {"name": "boatsMix_v3", "hash": digest},
        {"name": "anime\\boatsMix_v3.safetensors", "hash": digest},
        {"name": "boatsMix_v3"},
        {"name": "BoatsMix_v3", "hash": "blake3:1234"},
    ):
        assert imported_model(recorded) == path
    assert imported_model({"name": "boatsMix_v3", "hash": "0123456789"}) is None
    assert imported_model({"name": "boatsMix_v3", "fingerprint": "0" * 64}) is None
    assert imported_model({"hash": digest}) is None
    elsewhere = tensors(tmp_path / "other" / "hills.safetensors", byte=b"\2")
    remember(Remembered(digest="1" * 64, path=str(elsewhere), name="hills", pipeline="StableDiffusionPipeline"))
    assert imported_model({"name": "hills", "hash": hashes(elsewhere)["whole"][:10]}) == elsewhere
    assert imported_model({"name": "hills"}) is None


def test_the_hash_decides_between_files_of_one_name(shelves: Path) -> None:
    tensors(shelves / "models" / "a" / "lakes.safetensors", byte=b"\1")
    path = tensors(shelves / "models" / "b" / "lakes.safetensors", byte=b"\2")
    assert imported_model({"name": "lakes", "hash": hashes(path)["whole"][:10]}) == path
    assert imported_model({"name": "lakes"}) is None


def test_parts_that_are_here_are_used_and_the_others_are_named(shelves: Path) -> None:
    ink = tensors(shelves / "loras" / "ink.safetensors", ("lora_up",))
    glow = tensors(shelves / "embeddings" / "glow.safetensors", ("emb_params",))
    vae = tensors(shelves / "vaes" / "mse.safetensors")
    recorded: dict[str, Json] = {
        "name": "boats",
        "loras": [
            {"name": "ink", "weight": 0.8, "hash": hashes(ink)["behind the header"][:12]},
            {"name": "sails", "weight": 0.5},
        ],
        "embeddings": [{"name": "glow", "hash": "0123456789ab"}, {"name": "gone"}],
        "vae": {"name": "mse"},
    }
    assert imported_parts(recorded, {"passes": [{"kind": "hires"}, {"kind": "hires"}, 3]}) == ImportedParts(
        loras=(LoraChoice(path=str(ink), weight=0.8),),
        vae=str(vae),
        embeddings=(EmbeddingChoice(path=str(glow), word="glow"),),
        undone=(
            "LoRA sails is not on this machine",
            "textual inversion glow is here with another hash than the recorded 0123456789ab",
            "textual inversion gone is not on this machine",
            "the hires pass is not rendered",
            "the further pass is not rendered",
        ),
    )


def test_parts_that_cannot_be_used_are_named_with_the_reason(shelves: Path) -> None:
    loras, embeddings, vaes = shelves / "loras", shelves / "embeddings", shelves / "vaes"
    for number in (1, 2):
        tensors(loras / str(number) / "ink.safetensors", ("lora_up",), byte=bytes([number]))
    ink = hashes(loras / "2" / "ink.safetensors")["behind the header"][:12]
    tensors(loras / "folder" / "model.safetensors")
    (loras / "folder" / "config.json").write_text("{}")
    tensors(loras / "plain.safetensors")
    for path in (loras / "old.ckpt", embeddings / "glow.pt", vaes / "mse.pt"):
        path.write_bytes(b"\x80\x02}q\x00.")
    os.mkfifo(loras / "pipe.safetensors")
    tensors(embeddings / "rows.safetensors", ("a", "b", "c", "d", "e"))
    passwd = {"name": "../../../../etc/passwd"}
    named = (
        "ink",
        "folder",
        "plain",
        "old.ckpt",
        "pipe",
        "/etc/passwd",
        "..",
        "~/x",
        "sub/../ink",
        "x" * 5000,
        "\0",
        "\ud800",
    )
    recorded: dict[str, Json] = {
        "name": "boats",
        "loras": [{"name": name} for name in named],
        "embeddings": [{"name": "glow"}, {"name": "rows"}, passwd],
        "vae": {"name": "mse"},
    }
    parts = imported_parts(recorded, {})
    assert (parts.loras, parts.embeddings, parts.vae) == ((), (), "")
    one, two = loras / "1" / "ink.safetensors", loras / "2" / "ink.safetensors"
    assert parts.undone == (
        f"LoRA ink cannot be used: 2 different files are called 'ink': {one}, {two}; name one of them by its path",
        f"LoRA folder cannot be used: --lora needs a .safetensors file: '{loras / 'folder'}' is a folder",
        "LoRA plain cannot be used: plain.safetensors holds no LoRA: none of its tensors is named like one",
        "LoRA old.ckpt cannot be used: old.ckpt is a pickle file, which can run code when it is opened: "
        "get the .safetensors version",
        f"LoRA pipe cannot be used: --lora needs a .safetensors file: there is no file '{loras / 'pipe.safetensors'}'",
        "LoRA /etc/passwd is not on this machine",
        "LoRA .. is not on this machine",
        "LoRA ~/x is not on this machine",
        "LoRA sub/../ink is not on this machine",
        f"LoRA {'x' * 79}… is not on this machine",
        "LoRA  is not on this machine",
        "textual inversion glow cannot be used: glow.pt is a pickle file, which can run code when it is opened: "
        "get the .safetensors version",
        "textual inversion rows cannot be used: rows.safetensors holds no textual inversion",
        "textual inversion ../../../../etc/passwd is not on this machine",
        "VAE mse cannot be used: mse.pt is a pickle file, which can run code when it is opened: "
        "get the .safetensors version",
    )
    decided = imported_parts({"name": "boats", "loras": [{"name": "ink", "hash": ink}]}, {})
    assert decided == ImportedParts(loras=(LoraChoice(path=str(two), weight=1.0),))


@pytest.mark.parametrize(
    "recorded",
    [None, 3, "x", {}, {"name": 3, "loras": 4, "vae": []}, {"name": "x", "loras": [{"name": "\x1b[2J"}, 7]}],
)
def test_records_of_any_form_raise_nothing(shelves: Path, recorded: Json) -> None:
    del shelves
    assert imported_model(recorded) is None
    parts = imported_parts(recorded, {"passes": recorded})
    assert not parts.loras
    assert all("\x1b" not in phrase for phrase in parts.undone)


def test_our_own_pictures_are_no_imports() -> None:
    assert not is_import({"name": "x", "fingerprint": "0" * 64})
    assert is_import({"name": "x"})
