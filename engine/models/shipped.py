"""The configurations and vocabularies that ship with warmer, so that one weights file is enough.  No torch.

`engine/models/configs` holds them packed.  The libraries read folders, so a family is written to the user's cache
directory as a small diffusers folder without weights.  Its bytes depend on nothing but the packed files, because
pictures record a fingerprint over them; losing the cache loses nothing.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import json
import lzma
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from platformdirs import user_cache_path

from engine.models.json_files import read_state
from latentpng.errors import FileError
from latentpng.png.atomic import write_atomically

CONFIGS: Mapping[str, str] = MappingProxyType(
    {
        "Stable Diffusion 1": "sd1",
        "Stable Diffusion 2": "sd2",
        "SDXL": "sdxl",
        "Stable Diffusion 3 medium": "sd3-medium",
        "Stable Diffusion 3.5 medium": "sd35-medium",
        "Stable Diffusion 3.5 large": "sd35-large",
        "Flux.1 dev": "flux1-dev",
        "Flux.1 schnell": "flux1-schnell",
        "Flux.2 klein 4B": "flux2-klein-4b",
        "Flux.2 klein 9B": "flux2-klein-9b",
        "Chroma": "chroma",
        "PixArt-alpha": "pixart-alpha",
        "PixArt-sigma": "pixart-sigma",
        "Z-Image": "z-image",
    }
)
"""The name of the configuration of each family, as `engine.models.contents` names families."""

_PACKED = Path(__file__).parent / "configs"
_FOLDER = "configs"
_WRITTEN = re.compile(r"(?P<name>.+)-[0-9a-f]{12}")
_MANIFEST = ".files.json"
"""Written last: the sizes of all files.  Its name begins with a dot, so that no fingerprint covers it."""
_PAD_ZERO = "clip-zero"
"""CLIP's vocabulary with "!" for padding, which has the id 0, as OpenCLIP pads."""


def config_folder(family: str) -> Path:
    """Return the diffusers folder with the configuration of a family; it is written if it is not there.

    Args:
        family: A key of `CONFIGS`.
    """
    name = CONFIGS[family]
    folder = f"{name}-{_digest(name)[:12]}"
    try:
        return _completed(user_cache_path("warmer", appauthor=False) / _FOLDER / folder, name)
    except (OSError, FileError):  # a cache that cannot be written
        return _completed(_temporary_folder() / folder, name)


def family_of(folder: Path | str) -> str:
    """Return the family whose configuration ships and would be in this folder, "" for any other folder."""
    path = Path(folder)
    match = _WRITTEN.fullmatch(path.name)
    if match is None or path.parent.name != _FOLDER or not path.parent.parent.name.startswith("warmer"):
        return ""
    return next((family for family, config in CONFIGS.items() if config == match["name"]), "")


def restored(config: str) -> str:
    """Return a configuration's folder; one that shipped with warmer is written again if it was deleted.

    Args:
        config: As in a `ModelChoice`.
    """
    family = family_of(config)
    return str(config_folder(family)) if family and not (Path(config) / "model_index.json").is_file() else config


def _completed(folder: Path, name: str) -> Path:
    """Return a folder after writing the files that it lacks.  Each is replaced atomically, always by the same bytes."""
    if not _is_complete(folder):
        sizes = {}
        for file, data in sorted(_files(name).items()):
            sizes[file] = len(data)
            if not _has_size(folder / file, len(data)):
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                write_atomically(folder / file, [data])
        write_atomically(folder / _MANIFEST, [json.dumps(sizes).encode("utf-8")])
    return folder


def _is_complete(folder: Path) -> bool:
    sizes = read_state(folder / _MANIFEST)
    return isinstance(sizes, dict) and all(_has_size(folder / file, size) for file, size in sizes.items())


def _has_size(file: Path, size: object) -> bool:
    return file.is_file() and file.stat().st_size == size


def _files(name: str) -> dict[str, bytes]:
    """Return the files of a configuration's folder by their relative names."""
    files: dict[str, bytes] = {}
    packed = _packed(name)
    for part, vocabulary in packed.pop("tokenizers").items():
        files |= {f"{part}/{file}": data for file, data in _vocabulary(vocabulary).items()}
    return files | {file: _json_bytes(value) for file, value in packed.items()}


def _vocabulary(name: str) -> dict[str, bytes]:
    """Return the files of a tokenizer's folder."""
    packed = json.loads(lzma.decompress(_vocabulary_file(name).read_bytes()))
    files = {file: text.encode("utf-8") for file, text in packed.items()}
    if "merges.txt" in files:
        files["vocab.json"] = _byte_pair_vocabulary(packed["merges.txt"])
    if name == _PAD_ZERO:
        files["tokenizer_config.json"] = _json_bytes({**json.loads(packed["tokenizer_config.json"]), "pad_token": "!"})
    return files


# Byte pair encoding over printable characters, as GPT-2 introduced it: the 256 bytes, each shown as a printable
# character; the same 256 at the end of a word; one entry for each merge, in order; and the two ends of a text.
def _byte_pair_vocabulary(merges: str) -> bytes:
    """Return CLIP's vocab.json, byte for byte, from its merges.txt."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(others))]
    joined = [line.replace(" ", "") for line in merges.splitlines()[1:]]
    words = [*letters, *(f"{letter}</w>" for letter in letters), *joined, "<|startoftext|>", "<|endoftext|>"]
    ids = {word: index for index, word in enumerate(words)}
    return json.dumps(ids, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


@functools.cache
def _digest(name: str) -> str:
    """Return a digest of all packed files that a configuration is made of."""
    total = hashlib.sha256(_config_file(name).read_bytes())
    for vocabulary in sorted(set(_packed(name)["tokenizers"].values())):
        total.update(_vocabulary_file(vocabulary).read_bytes())
    return total.hexdigest()


@functools.cache
def _temporary_folder() -> Path:
    folder = tempfile.mkdtemp(prefix="warmer-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder) / _FOLDER


def _packed(name: str) -> dict[str, Any]:
    packed: dict[str, Any] = json.loads(_config_file(name).read_text("utf-8"))
    return packed


def _config_file(name: str) -> Path:
    return _PACKED / f"{name}.json"


def _vocabulary_file(name: str) -> Path:
    return _PACKED / f"{'clip' if name == _PAD_ZERO else name}.json.xz"


def _json_bytes(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode("utf-8")
