"""Files that hold weights, looked at without loading them: are they whole, are they safe, which model are they.

Reads headers and samples, never all of it: a folder of 20 GB takes milliseconds.  Knows no diffusers and no torch.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.errors import ModelError

PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")
_HEADER_LIMIT = 100_000_000
"""Most bytes of a safetensors header, as in the library itself."""
_SAMPLES, _SAMPLE_BYTES = 16, 4096
_HELD = (
    ("first_stage_model.", "vae"),
    ("vae.", "vae"),
    ("cond_stage_model.", "clip"),
    ("conditioner.", "clip"),
    ("text_encoders.clip", "clip"),
    ("text_encoders.t5", "t5"),
)
"""How a single file names what it holds beside the part that denoises."""
_POINTER = b"version https://git-lfs"


def check_weights_file(path: Path, wanted: str) -> None:
    """ModelError unless its name is that of a safetensors file; `wanted` ends the sentence."""
    if path.suffix in PICKLES:
        raise ModelError(
            f"{path.name} is a pickle file, which can run code when it is opened: get the .safetensors version"
        )
    if path.suffix != ".safetensors":
        raise ModelError(f"{path.name} is not a .safetensors file; {wanted}")


def check_safetensors(path: Path) -> None:
    """ModelError unless `path` is a whole safetensors file (its header is read, its size compared)."""
    try:
        _check_whole(path)
    except OSError as error:  # such as a link to a file that is gone
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}") from error


def _check_whole(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(24)
        if start.startswith(_POINTER):
            raise ModelError(f"{path.name} is only a pointer of Git LFS, not the weights: run `git lfs pull`")
        length = int.from_bytes(start[:8], "little")
        if len(start) < 8 or length > _HEADER_LIMIT or 8 + length > size:
            raise ModelError(f"{path.name} is cut short or is not a safetensors file: download it again")
        file.seek(8)
        needed = 8 + length + _data_bytes(path, file.read(length))
    if size < needed:
        raise ModelError(f"{path.name} is cut short ({size:,} of {needed:,} bytes): download it again")


def tensor_names(path: Path) -> tuple[str, ...]:
    """The names in the header of a whole safetensors file."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return tuple(name for name in json.loads(file.read(length)) if name != "__metadata__")


def check_component(folder: Path) -> None:
    """ModelError unless the weights of one component are whole and none of them has to come from a pickle."""
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        if any(file.suffix in PICKLES for file in folder.iterdir()):
            raise ModelError(
                f"the weights in {folder.name!r} are pickle files, which can run code when they are opened: "
                "get the .safetensors version of this model"
            )
        raise ModelError(
            f"the download is not complete: {folder.name!r} has no weights (.safetensors); download it again"
        )
    for index in sorted(folder.glob("*.safetensors.index*.json")):
        for shard in sorted(set(read_json(index).get("weight_map", {}).values())):
            if not (folder / str(shard)).is_file():
                raise ModelError(f"the download is not complete: {folder.name}/{shard} is missing; download it again")
    for file in weights:
        check_safetensors(file)


def variant_of(folder: Path) -> str:
    """ "fp16" when some component has its weights in that variant only; "" otherwise."""
    for index in folder.glob("*/"):
        names = [file.name for file in index.glob("*.safetensors")]
        if names and all(".fp16." in name for name in names):
            return "fp16"
    return ""


def values_of(folder: Path) -> dict[str, int]:
    """How many numbers the weights of each component are, from the headers alone; of the files that would be loaded."""
    variant = variant_of(folder)
    found: dict[str, int] = {}
    for part in sorted(folder.glob("*/")):
        if count := values_in(part, variant):
            found[part.name] = count
    return found


def values_in(path: Path, variant: str = "") -> int:
    """How many numbers the weights of a file, or of the folder of one component, are; 0 when there are none."""
    files = [path] if path.is_file() else list(path.glob("*.safetensors"))
    loaded = [file for file in files if _variant_in(file.name) == variant] or files
    return sum(sum(_counts(file).values()) for file in loaded)


def single_values(file: Path) -> dict[str, int]:
    """As `values_of` for a single file: the numbers of its VAE, its text encoders by kind, and the rest."""
    found: dict[str, int] = {}
    for name, count in _counts(file).items():
        part = next((part for start, part in _HELD if name.startswith(start)), "denoiser")
        found[part] = found.get(part, 0) + count
    return found


def fingerprint(path: Path) -> str:
    """Which weights these are: SHA-256 (hex) over relative names, sizes, JSON files, and samples of the weights.

    Of each safetensors file it reads the header and 16 places of 4 KiB, evenly spaced, the last one included: another
    training or another precision changes it, a copy in another place does not.  It does not prove that no byte differs.
    """
    total = hashlib.sha256()
    for file in weight_files(path):
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        total.update(json.dumps([name, file.stat().st_size]).encode("ascii"))
        for part in _sampled(file) if file.suffix == ".safetensors" else (file.read_bytes(),):
            total.update(part)
    return total.hexdigest()


def single_file_fingerprint(file: Path, config: Path) -> str:
    """As `fingerprint`, over the file, the configuration that it is read with, and the parts that the file lacks."""
    total = hashlib.sha256(fingerprint(file).encode("ascii"))
    for small in config_files(config):
        name = small.relative_to(config).as_posix()
        total.update(json.dumps([name, small.stat().st_size]).encode("ascii"))
        total.update(small.read_bytes())
    for part in parts_beside(file, config):
        total.update(fingerprint(part).encode("ascii"))
    return total.hexdigest()


def parts_beside(file: Path, config: Path) -> tuple[Path, ...]:
    """The folders of text encoders and VAE that a single file lacks, so that the configuration's folder has to help."""
    held = {part for name in tensor_names(file) for start, part in _HELD if name.startswith(start)}
    parts = []
    for name, entry in sorted(read_json(config / "model_index.json").items()):
        kind = str(entry[1]) if isinstance(entry, list) and len(entry) == 2 else ""
        is_text = name.startswith("text_encoder")
        part = "vae" if name == "vae" else "clip" if "CLIP" in kind else "t5" if kind.startswith("T5") else kind
        if kind and kind != "None" and (is_text or name == "vae") and part not in held:
            parts.append(config / name)
    return tuple(parts)


def config_files(folder: Path) -> list[Path]:
    """The small files of a model: how its weights are to be read."""
    return [file for file in weight_files(folder) if ".safetensors" not in file.name]


def weight_files(path: Path) -> list[Path]:
    """Those files that decide what a model, or one component, computes; examples, notes and our own defaults do not."""
    if path.is_file():
        return [path]
    whole = (path / "model_index.json").is_file()
    found = (file for pattern in ("*.safetensors", "*.json", "*.txt", "*.model") for file in path.glob(f"**/{pattern}"))
    inner = (file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts))
    return sorted(file for file in inner if not whole or file.parent != path or file.name == "model_index.json")


def _variant_in(name: str) -> str:
    """ "fp16" of "model.fp16.safetensors" and "model.fp16-00001-of-00002.safetensors"; "" when there is none."""
    match = re.search(r"\.([A-Za-z0-9_]+)(-\d+-of-\d+)?\.safetensors$", name)
    return match[1] if match else ""


def _counts(file: Path) -> dict[str, int]:
    """Of each tensor, how many numbers it is."""
    with file.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    return {name: math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__"}


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
        raise ModelError(_not_safetensors(path)) from error


def read_json(path: Path) -> Mapping[str, Any]:
    """A JSON object; its values are checked where they are used."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path.name} cannot be read as JSON: download it again") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path.name} is not a JSON object: download it again")
    return value


def _not_safetensors(path: Path) -> str:
    return f"{path.name} is not a safetensors file, whatever its name says"
