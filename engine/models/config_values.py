"""The numbers in a component's configuration, bounded before a library computes with them.  No torch.

Some of them say how often a loop runs or how long a list becomes before the first tensor is made; what tensors may take
is bounded where they are made, by `engine.diffusion.seams.budget`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.json_files import read_config
from latentpng.text import plain

_MAX_INTEGER = 2**26
_MAX_COUNT = 2**14
_MAX_TIMESTEPS = 10**5
_MAX_VALUES = 2**17
"""Values of one configuration; the tokenizers with the most tokens of their own have 40,000."""
_COUNTS = re.compile(r"layer|block|depth|head|group|resnet|expert|repeat|num_stages|temperal|labels")
"""Names of what is counted."""
_SCHEDULERS = "scheduler_config.json"
_UNBOUNDED = re.compile(r"theta|^model_max_length$")
"""Names of numbers that are only computed with; tokenizers say by one of 30 digits that they have no limit."""
_SAFE = re.compile(r"[^/\\]+\.safetensors(\.index\.json)?")


def check_configs(folder: Path) -> None:
    """Refuse the configurations of a component that would let a library compute or allocate without an end.

    Args:
        folder: The component's folder.

    Raises:
        ModelError: The message names the file and the entry.
    """
    for file in sorted(folder.glob("*config.json")):
        config = read_config(file)
        where = f"{folder.name}/{file.name}"
        _check_extent(where, config)
        for name, number in _integers(config):
            _check_integer(where, name, number, _MAX_TIMESTEPS if file.name == _SCHEDULERS else _MAX_INTEGER)
        _check_weights(where, config)
        _check_kernels(where, config)


def _check_extent(where: str, config: Mapping[str, Any]) -> None:
    """Refuse very many values: libraries copy and print them several times."""
    count = 0
    waiting: list[Mapping[str, Any] | list[Any]] = [config]
    while waiting and count <= _MAX_VALUES:
        value = waiting.pop()
        inner = value.values() if isinstance(value, Mapping) else value
        count += len(inner)
        waiting += [each for each in inner if isinstance(each, Mapping | list)]
    if count > _MAX_VALUES:
        raise ModelError(f"{where} has more than {_MAX_VALUES:,} values, which no model needs")


def _integers(value: object, name: str = "") -> Iterator[tuple[str, int]]:
    """Yield the integers in a configuration, each with the name of its entry."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _integers(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _integers(inner, name)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield name, value


def _check_integer(where: str, name: str, number: int, most: int) -> None:
    if _UNBOUNDED.search(name):
        return
    most = min(most, _MAX_COUNT) if _COUNTS.search(name) else most
    if abs(number) > most:
        raise ModelError(f"{where} gives {plain(name, 60)!r} a number beyond {most:,}, which no model needs")


def _check_weights(where: str, config: Mapping[str, Any]) -> None:
    """Refuse another file of weights than the usual one, unless it is a safetensors file in this folder."""
    named = config.get("transformers_weights")
    if named is not None and not (isinstance(named, str) and _SAFE.fullmatch(named)):
        raise ModelError(f"{where} names a file of weights that is no .safetensors file of this folder")


def _check_kernels(where: str, config: Mapping[str, Any]) -> None:
    """Refuse the name of a repository of code in the place of an implementation."""
    named = [value for name, value in _texts(config) if "_implementation" in name]
    if any("/" in value for value in named):
        raise ModelError(f"{where} names code that would be fetched and run, which is never done")


def _texts(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts in a configuration, each with the names of the entries around it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{name}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, name)
    elif isinstance(value, str):
        yield name, value
