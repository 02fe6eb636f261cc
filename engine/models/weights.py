"""Weight files (`.safetensors`) seen from outside: the names and shapes of their tensors, never the values.

Only headers are read, so a file of 20 GB takes milliseconds.  No torch, no diffusers.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import ModelError
from engine.models.gguf_header import GgufError, read_gguf_header
from engine.models.safetensors_header import (
    HeaderError,
    IncompleteError,
    NotSafetensorsError,
    read_safetensors_header,
)
from engine.paths import open_regular
from latentpng.lru import LruCache

GGUF_SUFFIX = ".gguf"
PICKLE_SUFFIXES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")
_LFS_POINTER = b"version https://git-lfs"
_VARIANT = re.compile(r"\.([A-Za-z0-9_]+)(-\d+-of-\d+)?\.safetensors$")


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightFile:
    """A whole safetensors or GGUF file.

    Attributes:
        path: The file.
        tensors: The shape of each tensor, by its name.
        metadata: What the program that wrote it says of it; {} for a GGUF file.
    """

    path: Path
    tensors: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameter_count(self) -> int:
        """The number of values in all tensors."""
        return sum(math.prod(shape) for shape in self.tensors.values())

    @property
    def variant(self) -> str:
        """The variant in the file's name ("fp16" in "model.fp16.safetensors"), "" when it has none."""
        match = _VARIANT.search(self.path.name)
        return match[1] if match else ""


def read_weights(path: Path) -> WeightFile:
    """Read the header of a safetensors or GGUF file, once for as long as its size and time stay the same.

    Raises:
        ModelError: The file cannot be read, is a Git LFS pointer, is not a safetensors file, or its size is not the
            one that its header describes.
    """
    try:
        status = path.stat()
        key = (path, status.st_size, status.st_mtime_ns)
        return _HEADERS.get(key) or _read_header(path, key)
    except OSError as error:  # a broken symlink, for example
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}") from error
    except GgufError as error:
        raise ModelError(f"{path.name} is damaged or is not a GGUF file ({error}): download it again") from error
    except HeaderError as error:
        raise ModelError(_why_no_weights(path, error)) from error


_HEADERS: LruCache[tuple[Path, int, int], WeightFile] = LruCache(max_entries=64)


def check_weights_suffix(path: Path, needed: str) -> None:
    """Refuse files whose name is not that of a safetensors file.

    Args:
        path: The file.
        needed: The end of the message: what is needed instead.

    Raises:
        ModelError: The name ends in another suffix.
    """
    if path.suffix in PICKLE_SUFFIXES:
        raise ModelError(
            f"{path.name} is a pickle file, which can run code when it is opened: get the .safetensors version"
        )
    if path.suffix != ".safetensors":
        raise ModelError(f"{path.name} is not a .safetensors file; {needed}")


def typed_path(text: str) -> Path:
    """Return the path that a person typed: `~` is a home directory, or itself where there is no such user."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 (Path's raises for unknown users)


def located(path: Path) -> Path:
    """Return the absolute path of a file: its folder resolved, its own name kept.

    A symlink may lead to a file without a suffix, as in the cache of the Hugging Face hub.
    """
    return path.parent.resolve() / path.name


def _read_header(path: Path, key: tuple[Path, int, int]) -> WeightFile:
    _refuse_pointer(path)
    if path.suffix == GGUF_SUFFIX:
        read = WeightFile(path=path, tensors=read_gguf_header(path).tensors)
    else:
        header = read_safetensors_header(path)
        read = WeightFile(path=path, tensors=header.tensors, metadata=header.metadata)
    _HEADERS.put(key, read)
    return read


def _refuse_pointer(path: Path) -> None:
    with open_regular(path) as file:
        if file.read(len(_LFS_POINTER)) == _LFS_POINTER:
            raise ModelError(f"{path.name} is only a pointer of Git LFS, not the weights: run `git lfs pull`")


def _why_no_weights(path: Path, error: HeaderError) -> str:
    if isinstance(error, IncompleteError):
        size = path.stat().st_size
        return f"{path.name} is cut short or damaged ({size:,} bytes do not match its header): download it again"
    if isinstance(error, NotSafetensorsError):
        return f"{path.name} {error}"
    return f"{path.name} cannot be used, because {error}: download it again"
