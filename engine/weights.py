"""Files that hold weights, looked at without loading them: are they whole, are they safe, which model are they.

Reads headers and samples, never all of it: a folder of 20 GB takes milliseconds.  Knows no diffusers and no torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.errors import ModelProblem

PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")
_HEADER_LIMIT = 100_000_000
"""Most bytes of a safetensors header, as in the library itself."""
_SAMPLES, _SAMPLE_BYTES = 16, 4096
_POINTER = b"version https://git-lfs"


def check_safetensors(path: Path) -> None:
    """ModelProblem unless `path` is a whole safetensors file (its header is read, its size compared)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(24)
        if start.startswith(_POINTER):
            raise ModelProblem(f"{path.name} is only a pointer of Git LFS, not the weights: run `git lfs pull`")
        length = int.from_bytes(start[:8], "little")
        if len(start) < 8 or length > _HEADER_LIMIT or 8 + length > size:
            raise ModelProblem(f"{path.name} is cut short or is not a safetensors file: download it again")
        file.seek(8)
        needed = 8 + length + _data_bytes(path, file.read(length))
    if size < needed:
        raise ModelProblem(f"{path.name} is cut short ({size:,} of {needed:,} bytes): download it again")


def tensor_names(path: Path) -> tuple[str, ...]:
    """The names in the header of a whole safetensors file."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return tuple(name for name in json.loads(file.read(length)) if name != "__metadata__")


def check_component(folder: Path) -> None:
    """ModelProblem unless the weights of one component are whole and none of them has to come from a pickle."""
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        if any(file.suffix in PICKLES for file in folder.iterdir()):
            raise ModelProblem(
                f"the weights in {folder.name!r} are pickle files, which can run code when they are opened: "
                "get the .safetensors version of this model"
            )
        raise ModelProblem(f"the download is not complete: {folder.name!r} has no weights (.safetensors)")
    for index in sorted(folder.glob("*.safetensors.index*.json")):
        for shard in sorted(set(read_json(index).get("weight_map", {}).values())):
            if not (folder / str(shard)).is_file():
                raise ModelProblem(f"the download is not complete: {folder.name}/{shard} is missing")
    for file in weights:
        check_safetensors(file)


def variant_of(folder: Path) -> str:
    """ "fp16" when some component has its weights in that variant only; "" otherwise."""
    for index in folder.glob("*/"):
        names = [file.name for file in index.glob("*.safetensors")]
        if names and all(".fp16." in name for name in names):
            return "fp16"
    return ""


def fingerprint(path: Path) -> str:
    """Which weights these are: SHA-256 (hex) over relative names, sizes, JSON files, and samples of the weights.

    Of each safetensors file it reads the header and 16 places of 4 KiB, evenly spaced, the last one included: another
    training or another precision changes it, a copy in another place does not.  It does not prove that no byte differs.
    """
    total = hashlib.sha256()
    for file in _files(path):
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        total.update(json.dumps([name, file.stat().st_size]).encode("ascii"))
        for part in _sampled(file) if file.suffix == ".safetensors" else (file.read_bytes(),):
            total.update(part)
    return total.hexdigest()


def single_file_fingerprint(file: Path, config: Path) -> str:
    """As `fingerprint`, over the file and the configuration that it is read with; weights beside that have no say."""
    total = hashlib.sha256(fingerprint(file).encode("ascii"))
    for small in _files(config):
        if ".safetensors" not in small.name:
            name = small.relative_to(config).as_posix()
            total.update(json.dumps([name, small.stat().st_size]).encode("ascii"))
            total.update(small.read_bytes())
    return total.hexdigest()


def _files(path: Path) -> list[Path]:
    """Those files that decide what a model computes; examples, notes and our own defaults do not."""
    if path.is_file():
        return [path]
    found = (file for pattern in ("*.safetensors", "*.json", "*.txt", "*.model") for file in path.glob(f"**/{pattern}"))
    inner = (file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts))
    return sorted(file for file in inner if file.parent != path or file.name == "model_index.json")


def _sampled(file: Path) -> Iterator[bytes]:
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        yield stream.read(min(length, _HEADER_LIMIT))
        room = max(0, size - 8 - length - _SAMPLE_BYTES)
        for place in range(_SAMPLES):
            stream.seek(8 + length + room * place // (_SAMPLES - 1))
            yield stream.read(_SAMPLE_BYTES)


def _data_bytes(path: Path, header: bytes) -> int:
    try:
        entries = json.loads(header)
        return max((entry["data_offsets"][1] for name, entry in entries.items() if name != "__metadata__"), default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise ModelProblem(_not_safetensors(path)) from error


def read_json(path: Path) -> Mapping[str, Any]:
    """A JSON object; its values are checked where they are used."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelProblem(f"{path.name} cannot be read as JSON: download it again") from error
    if not isinstance(value, dict):
        raise ModelProblem(f"{path.name} is not a JSON object: download it again")
    return value


def _not_safetensors(path: Path) -> str:
    return f"{path.name} is not a safetensors file, whatever its name says"
