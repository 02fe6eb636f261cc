"""Seam: bounds what is made while a model is built, by what the headers of its weights say that there is.

A configuration can describe a million layers, or a table of positions that fills the memory, and nobody can tell from
its numbers alone, since each class reads them in its own way.  But every layer and every table is made by functions of
torch, so that they can be counted.

Assumptions, checked by tests/engine/diffusion/seams/test_budget.py:
- The modes of `torch.overrides` see `torch.empty` and its kin, and the methods of tensors, before they reserve memory.
- Whatever a library does with an error from there, the error is the cause or the context of what it raises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from engine.errors import ForbiddenError

_BY_SIZE = frozenset({torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn, torch.full})
_REPEATS = frozenset(
    {torch.Tensor.repeat, torch.Tensor.tile, torch.tile, torch.Tensor.repeat_interleave, torch.repeat_interleave}
)
_MORE_CALLS, _CALLS_PER_TENSOR = 4096, 4
_MORE_VALUES, _TOTAL_PER_VALUE = 2**27, 4
_LEAST_LARGEST = 2**25


class Budget(TorchFunctionMode):
    """Within a block of this mode, tensors are bounded in size and in number.

    The bounds leave room for tables and for weights that are packed; no model that was tried needs a half of them.
    """

    def __init__(self, tensors: int, values: int) -> None:
        """Bound what is made.

        Args:
            tensors: How many tensors the weights have.
            values: How many values they have.
        """
        super().__init__()
        self._calls_left = _MORE_CALLS + _CALLS_PER_TENSOR * tensors
        self._values_left = _MORE_VALUES + _TOTAL_PER_VALUE * values
        self._largest = max(_LEAST_LARGEST, _TOTAL_PER_VALUE * values)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a function of torch, unless it would make too much."""
        named = kwargs or {}
        made = _made_by(func, args, named)
        if made is not None:
            self._calls_left -= 1
            self._values_left -= made
        largest = max(made or 0, _largest_of((*args, *named.values()), func))
        if self._calls_left < 0 or self._values_left < 0 or largest > self._largest:
            raise ForbiddenError(
                "the configuration of the model describes far more than its weights hold: download the model again"
            )
        return func(*args, **named)


def _made_by(func: Callable[..., Any], args: tuple[Any, ...], named: Mapping[str, Any]) -> int | None:
    """Return how many values a function makes from numbers alone; None for another function."""
    if func in _BY_SIZE:
        size = named.get("size", args[:1] if func is torch.full else args)
        return math.prod(_numbers(size))
    if func is torch.arange:
        numbers = [*args, *(named[name] for name in ("start", "end", "step") if name in named)]
        start, end, step = (0, *numbers, 1) if len(numbers) == 1 else (*numbers, 1)[:3]
        return max(0, math.ceil((end - start) / step)) if step else 0
    if func in (torch.linspace, torch.logspace):
        return int(named.get("steps", args[2] if len(args) > 2 else 0))
    if func is torch.eye:
        return math.prod((*_numbers(args), *_numbers(args))[:2])
    return None


def _numbers(size: Any) -> Iterator[int]:
    if isinstance(size, int):
        yield size
    elif isinstance(size, Iterable) and not isinstance(size, torch.Tensor):
        for one in size:
            yield from _numbers(one)


def _largest_of(arguments: Iterable[Any], func: Callable[..., Any]) -> int:
    """Return a bound of how many values a function of tensors makes.

    The values of a view are counted as if they were its own, since copying it makes as many.
    """
    values = [inner for one in arguments for inner in (one if isinstance(one, list | tuple) else (one,))]
    tensors = [one for one in values if isinstance(one, torch.Tensor)]
    most = sum(tensor.numel() for tensor in tensors)
    if func in _REPEATS:
        return most * math.prod(one for one in values if isinstance(one, int))
    if func in (torch.outer, torch.einsum, torch.kron) and all(tensor.ndim == 1 for tensor in tensors):
        return math.prod(tensor.numel() for tensor in tensors)
    if len(tensors) == 2 and tensors[0].shape != tensors[1].shape:
        return max(most, _broadcast(tensors[0].shape, tensors[1].shape))
    return most


def _broadcast(one: Iterable[int], other: Iterable[int]) -> int:
    """Return how many values an operation on two shapes makes; 0 if they do not fit each other."""
    sides = list(zip(reversed(tuple(one)), reversed(tuple(other)), strict=False))
    if any(1 not in pair and pair[0] != pair[1] for pair in sides):
        return 0
    longer = max(tuple(one), tuple(other), key=len)
    return math.prod(longer[: len(longer) - len(sides)]) * math.prod(max(pair) for pair in sides)
