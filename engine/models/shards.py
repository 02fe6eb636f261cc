"""The weights of one component: one file or several, all of them safetensors files in its own folder.  No torch.

An index says which file has which tensor.  Libraries load whatever file it names, and those that are not called
`.safetensors` they unpickle.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import ModelError
from engine.models.json_files import read_config
from engine.models.weights import PICKLE_SUFFIXES, WeightFile, read_weights
from latentpng.text import plain

_MAX_SHARDS = 512
_MAX_TENSORS = 2**17
_ADAPTER = "adapter_config.json"
"""What transformers takes for a LoRA in the folder of a text encoder, whose base model it names and loads."""


def component_weights(folder: Path) -> tuple[WeightFile, ...]:
    """Read the headers of all weight files of a component.

    Raises:
        ModelError: The weights are missing, incomplete, damaged, or pickle files.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(_why_none(folder))
    if len(files) > _MAX_SHARDS:
        raise ModelError(f"the weights in {folder.name!r} are in more than {_MAX_SHARDS} files")
    if (folder / _ADAPTER).exists():
        raise ModelError(f"{folder.name}/{_ADAPTER} names another model to be loaded, which is never done: remove it")
    for index in sorted(folder.glob("*.safetensors.index*.json")):
        _check_index(index)
    weights = tuple(map(read_weights, files))
    if sum(len(file.tensors) for file in weights) > _MAX_TENSORS:
        raise ModelError(f"the weights in {folder.name!r} have more than {_MAX_TENSORS:,} tensors")
    return weights


def _check_index(index: Path) -> None:
    where = f"{index.parent.name}/{index.name}"
    shards = read_config(index).get("weight_map", {})
    if not isinstance(shards, dict) or not all(isinstance(shard, str) for shard in shards.values()):
        raise ModelError(f"the weight_map of {where} does not name a file for each tensor: download it again")
    for shard in sorted(set(shards.values())):
        shown = plain(shard, 80)
        if "/" in shard or "\\" in shard or shard.startswith("."):
            raise ModelError(f"{where} names {shown!r}, which is no file in its folder")
        if Path(shard).suffix in PICKLE_SUFFIXES:
            raise ModelError(
                f"{where} names {shown}, a pickle file, which can run code when it is opened: "
                "get the .safetensors version of this model"
            )
        if not shard.endswith(".safetensors"):
            raise ModelError(f"{where} names {shown!r}, which is no .safetensors file")
        if not (index.parent / shard).is_file():
            raise ModelError(f"the download is not complete: {index.parent.name}/{shown} is missing; download it again")


def _why_none(folder: Path) -> str:
    if any(file.suffix in PICKLE_SUFFIXES for file in folder.iterdir()):
        return (
            f"the weights in {folder.name!r} are pickle files, which can run code when they are opened: "
            "get the .safetensors version of this model"
        )
    return f"the download is not complete: {folder.name!r} has no weights (.safetensors); download it again"
