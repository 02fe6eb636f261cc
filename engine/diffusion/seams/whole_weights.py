"""Seam: a model of which a weight is missing is not loaded.

Both libraries make up the weights that no file has, and say so only in the log: transformers draws them at random,
diffusers leaves them empty.  They know best which weights are missing, since weights can be tied, renamed or computed.

Assumptions, checked by tests/engine/diffusion/seams/test_whole_weights.py:
- `PreTrainedModel._adjust_missing_and_unexpected_keys` is called for each model of transformers when all that is not
  missing has been struck from `missing_keys` of its argument.
- `ModelMixin._load_pretrained_model` of diffusers returns the names of the missing weights behind the model, and is
  given the folder as its fourth argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from diffusers import ModelMixin
from transformers import PreTrainedModel


class MissingWeightsError(Exception):
    """A component lacks weights; the text is a clause.

    Attributes:
        weight: The name of one of them.
    """

    def __init__(self, component: str, weight: str) -> None:
        """Build the clause."""
        super().__init__(f"some weights of {component!r} are missing ({weight}, for example)")
        self.weight = weight


@contextmanager
def whole_weights() -> Iterator[None]:
    """Refuse models of which weights are missing, until the end of the block.

    Raises:
        MissingWeightsError: The files of a model that is loaded in the block lack one of its weights.
    """
    transformers: Any = PreTrainedModel
    diffusers: Any = ModelMixin
    adjust, load = transformers._adjust_missing_and_unexpected_keys, diffusers._load_pretrained_model

    def adjusted(model: Any, report: Any, *more: Any, **named: Any) -> Any:
        returned = adjust(model, report, *more, **named)
        _refuse(model.name_or_path or type(model).__name__, report.missing_keys)
        return returned

    def loaded(kind: Any, model: Any, state: Any, files: Any, folder: Any, *more: Any, **named: Any) -> Any:
        returned = load.__func__(kind, model, state, files, folder, *more, **named)
        _refuse(folder, returned[1])
        return returned

    transformers._adjust_missing_and_unexpected_keys = adjusted
    diffusers._load_pretrained_model = classmethod(loaded)
    try:
        yield
    finally:
        transformers._adjust_missing_and_unexpected_keys = adjust
        diffusers._load_pretrained_model = load


def _refuse(folder: Any, missing: Iterable[str]) -> None:
    if names := sorted(missing):
        raise MissingWeightsError(Path(folder).name, names[0])
