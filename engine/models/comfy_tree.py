"""The parts that a model lacks, found in the folders around it, laid out as ComfyUI or Forge have them.  No torch.

Where there are none around it, the folders of the library are searched, for example those of another program.  A part
is taken only if exactly one file can be it, told by headers; otherwise the candidates are listed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.encoders import Encoder, encoders_in
from engine.models.library import Shelf, entries
from engine.models.parts import vae_part
from engine.models.weights import GGUF_SUFFIX, WeightFile, read_weights

_ENCODER_FOLDERS = ("text_encoders", "clip", "text_encoder")
_VAE_FOLDERS = ("vae", "VAE")
_MAX_LEVELS = 6
"""The model may lie in folders of folders below `diffusion_models`."""
_MAX_FILES = 500
_LISTED = 6


def find_encoder(model: Path, needed: Encoder) -> Path | None:
    """Return the file of a text encoder in the tree around a model.

    Args:
        model: The file of the model.
        needed: The text encoder.

    Returns:
        The file; None if there is none.

    Raises:
        ModelError: Several files can be it; the message lists them.
    """

    def is_it(file: WeightFile) -> bool:
        return any(encoder.serves(needed) for encoder in encoders_in(file).values())

    found = _candidates(model, _ENCODER_FOLDERS, Shelf.TEXT_ENCODERS, is_it)
    return _only(found, f"the text encoder {needed.name}", "--text-encoder")


def find_vae(model: Path, config: Mapping[str, Any], may_be: Callable[[Path], bool]) -> Path | None:
    """Return the file of the VAE in the tree around a model.

    Args:
        model: The file of the model.
        config: The config.json of the VAE that the model needs.
        may_be: Whether a file may be of the model's family, as far as more than its header tells.

    Returns:
        The file; None if there is none.

    Raises:
        ModelError: Several files can be it; the message lists them.
    """

    def is_it(file: WeightFile) -> bool:
        return is_vae_like(file, config) and may_be(file.path)

    found = _candidates(model, _VAE_FOLDERS, Shelf.VAES, is_it)
    return _only(found, "the VAE", "--vae")


def searched(model: Path, *, vae: bool = False) -> str:
    """Return the folders that are searched around a model, in words; "" if there are none."""
    folders = _folders(model, _VAE_FOLDERS if vae else _ENCODER_FOLDERS)
    return " or ".join(str(folder) for folder in folders)


def is_vae_like(file: WeightFile, config: Mapping[str, Any]) -> bool:
    """Return whether a file holds a VAE whose latents have the channels that a configuration names."""
    start = vae_part(file).prefix
    for name, channels in (("decoder.conv_in.weight", "latent_channels"), ("decoder.conv1.weight", "z_dim")):
        shape = file.tensors.get(start + name, ())
        if len(shape) >= 4 and channels in config:
            has_quant = any(f"{start}{place}quant_conv.weight" in file.tensors for place in ("", "encoder."))
            wants_quant = bool(config.get("use_quant_conv", "block_out_channels" in config))
            return shape[1] == config[channels] and has_quant == (wants_quant if channels != "z_dim" else has_quant)
    return False


def _only(found: list[Path], what: str, option: str) -> Path | None:
    if len(found) > 1:
        more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
        names = ", ".join(str(path) for path in found[:_LISTED])
        raise ModelError(f"{what} can be any of {names}{more}: say which with {option}")
    return found[0] if found else None


def _candidates(model: Path, folders: tuple[str, ...], shelf: Shelf, is_it: Callable[[WeightFile], bool]) -> list[Path]:
    """Return the files around a model that are what is searched for; else those of the library."""
    around = (file for folder in _folders(model, folders) for file in sorted(folder.rglob("*"))[:_MAX_FILES])
    found = [file.path for file in _readable(around) if is_it(file)]
    if found:
        return found
    known = (entry.path for entry in entries(shelf) if entry.shelf is shelf and not entry.is_partial)
    return [file.path for file in _readable(known) if is_it(file)]


def _readable(paths: Iterable[Path]) -> Iterator[WeightFile]:
    """Yield the weights files among these that can be read, each once, however it is linked."""
    seen: set[Path] = set()
    for path in paths:
        real = path.resolve()
        if path.suffix not in (".safetensors", GGUF_SUFFIX) or real in seen or not real.is_file():
            continue
        seen.add(real)
        with contextlib.suppress(ModelError):  # a damaged neighbour is no reason not to load this model
            yield read_weights(path)


def _folders(model: Path, names: tuple[str, ...]) -> list[Path]:
    """Return those of the named folders that lie beside the folder of a model, or beside one of its parents."""
    for parent in list(model.parents)[:_MAX_LEVELS]:
        found = {folder.resolve(): folder for folder in (parent / name for name in names) if folder.is_dir()}
        if found:
            return list(found.values())
    return []
