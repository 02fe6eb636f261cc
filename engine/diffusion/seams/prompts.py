"""Seam: how a pipeline encodes its prompt.

`encode_prompt` differs in its signature and its result from family to family, and there is no public way to put a cache
before it, or to change what it returns for a single picture.  It is replaced on one pipeline object, and the names in
its return statement say which of its results embed the prompt itself: this needs no table of families.

Assumptions, checked by tests/engine/diffusion/seams/test_prompts.py:
- `__call__` encodes the prompt by calling `self.encode_prompt`, and the prompt before the negative one.
- The source of `encode_prompt` is available, and its last return statement that names embeddings names them
  "...embeds...", or by another word of `_EMBEDDINGS`: with "negative" for those of the negative prompt, and "mask" for
  masks.
- Pictures are counted by the first axis of an embedding, but by the second one where layers are stacked (HiDream).
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable
from typing import Any, TypeAlias

import torch

Encode: TypeAlias = Callable[..., Any]

_EMBEDDINGS = ("embeds", "text_hiddens")
"""Parts of the names of results that embed a prompt (the second one in ERNIE-Image)."""


def intercept_encode_prompt(pipe: Any, respond: Callable[[Encode, inspect.BoundArguments], Any]) -> None:
    """Let `respond` answer every call of the pipeline's `encode_prompt`.

    Args:
        pipe: The pipeline; it stays as it is if it has no such method.
        respond: Takes the original method and the arguments of the call, and returns what the call returns.
    """
    if not hasattr(pipe, "encode_prompt"):
        return
    encode = pipe.encode_prompt
    signature = inspect.signature(encode)

    @functools.wraps(encode)
    def intercepted(*args: Any, **kwargs: Any) -> Any:
        return respond(encode, signature.bind(*args, **kwargs))

    pipe.encode_prompt = intercepted


def embedding_indices(encode: Encode | None) -> tuple[int, ...]:
    """Return the indices at which the result of `encode_prompt` holds embeddings of the prompt itself.

    Args:
        encode: The method; None if the pipeline has none.

    Returns:
        The indices; empty if the source is missing or names no embeddings.
    """
    if encode is None:
        return ()
    try:
        source = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(encode))))
    except (OSError, TypeError, SyntaxError):
        return ()
    returned = [node.value for node in ast.walk(source) if isinstance(node, ast.Return) and node.value is not None]
    for value in reversed(returned):
        names = [ast.unparse(part) for part in (value.elts if isinstance(value, ast.Tuple) else (value,))]
        if indices := tuple(index for index, name in enumerate(names) if _embeds_prompt(name)):
            return indices
    return ()


def picture_axis(embedding: torch.Tensor) -> int:
    """Return the axis that counts the pictures of a batch."""
    layers_first = embedding.ndim == 4 and embedding.shape[0] != 1 and embedding.shape[1] == 1
    return 1 if layers_first else 0


def _embeds_prompt(name: str) -> bool:
    return any(word in name for word in _EMBEDDINGS) and "negative" not in name and "mask" not in name
