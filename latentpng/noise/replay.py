"""Replay: applying the rounds of a lineage to its root gives the initial noise of a picture, the same bits everywhere.

SPEC.md, section 6, is the law; `perturbation.py` has the formulas of one round.  This module knows no files.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from latentpng.errors import InvalidValueError, NewerVersionError
from latentpng.identity import Key, chain_keys, noise_rule, root_rule
from latentpng.noise.cache import ArrayCache
from latentpng.noise.gauss1 import gauss1
from latentpng.noise.perturbation import perturb
from latentpng.record import GAUSS1, JsonObject, LatentRecord, Lineage, Metadata, SeedRoot, check_rounds
from latentpng.shapes import check_shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Noise: TypeAlias = NDArray[np.float16]

OnProgress: TypeAlias = Callable[[int, int], None]
"""Called after each replayed round with the number of rounds replayed and their total; it may raise to cancel."""

_STATES = ArrayCache(32 * 2**20)  # the states along lineages, which the pictures of a search share


def root_noise(seed: int, shape: tuple[int, ...]) -> Noise:
    """Return the noise of a seeded root: float16 of gauss1(seed, stream 0), in C order."""
    return gauss1(seed, 0, math.prod(shape)).reshape(shape).astype(np.float16)


def replay(
    lineage: Lineage,
    shape: tuple[int, ...],
    axes: str,
    root_tensor: Noise | None = None,
    on_progress: OnProgress | None = None,
) -> Noise:
    """Return the state after all rounds of a lineage.

    Args:
        lineage: The lineage.
        shape: The shape of the noise.
        axes: One letter per axis; H and W are the spatial ones.
        root_tensor: The noise of a tensor root, float16, of the given shape; ignored for a seeded root.
        on_progress: Called after each replayed round.  The lineage of a hostile file may take a minute or two.

    Returns:
        float16, of the given shape, read-only; unit variance if the root has it.

    Raises:
        NewerVersionError: If the lineage needs another generator.
        InvalidValueError: If the rounds do not fit the shape, or the root tensor is missing or has another shape.
    """
    if lineage.noise != GAUSS1:
        raise NewerVersionError(f"only the noise generator {GAUSS1!r} is supported, found {lineage.noise!r}")
    check_shape(shape, axes)
    check_rounds(lineage, shape, axes)
    keys = _state_keys(lineage, shape, axes, root_tensor)
    done, state = _nearest_known(keys)
    if state is None:
        state = _STATES.keep(keys[0], _root(lineage, shape, root_tensor))
    for round_, key in zip(lineage.rounds[done:], keys[done + 1 :], strict=True):
        state = _STATES.keep(key, perturb(state, round_, axes))
        done += 1
        if on_progress is not None:
            on_progress(done, len(lineage.rounds))
    return state


def digest(noise: Noise) -> str:
    """Return the identity of noise: SHA-256 (hex) of its values as little-endian float16 in C order."""
    return hashlib.sha256(np.ascontiguousarray(noise, dtype="<f2").data).hexdigest()


def record_of(
    lineage: Lineage,
    noise: Noise,
    *,
    axes: str,
    root_tensor: Noise | None = None,
    settings: JsonObject | None = None,
    software: JsonObject | None = None,
    pixels: str = "",
) -> LatentRecord:
    """Return the record that the file of a picture carries.

    Args:
        lineage: The lineage of the picture.
        noise: The state after all rounds, float16.
        axes: One letter per axis.
        root_tensor: The noise of a tensor root; a seeded root needs none.
        settings: How the picture was rendered, a JSON object.
        software: What rendered it, a JSON object.
        pixels: SHA-256 (hex) of the RGB bytes; "" if unknown.

    Raises:
        InvalidValueError: If a rule of the format is broken.
    """
    stored: Noise | None = noise if isinstance(lineage.root, SeedRoot) else root_tensor
    if stored is None:
        raise InvalidValueError("a lineage with a tensor root needs the tensor, found none")
    metadata = Metadata(
        lineage=lineage,
        axes=axes,
        node=digest(noise),
        pixels=pixels,
        settings=dict(settings or {}),
        software=dict(software or {}),
    )
    return LatentRecord(metadata=metadata, tensor=frozen(stored))


def initial_noise(record: LatentRecord, on_progress: OnProgress | None = None) -> Noise:
    """Return the initial noise of a picture: float16, unit variance, before the scheduler's sigma scaling; read-only.

    Args:
        record: The record of the picture.
        on_progress: Called after each replayed round; the noise of a seeded root is stored and needs no replay.

    Raises:
        NewerVersionError: If the lineage needs another generator.
        InvalidValueError: If a state is not finite.
    """
    if isinstance(record.lineage.root, SeedRoot):
        return record.tensor
    return replay(record.lineage, record.tensor.shape, record.axes, record.tensor, on_progress)


def ancestor_noise(record: LatentRecord, rounds: int, on_progress: OnProgress | None = None) -> Noise:
    """Return the initial noise after the first rounds of a picture's lineage.

    Args:
        record: The record of the picture.
        rounds: How many rounds; 0 is the root.
        on_progress: Called after each replayed round.

    Returns:
        float16, the shape of `record.tensor`, unit variance, before the scheduler's sigma scaling; read-only.

    Raises:
        NewerVersionError: If the lineage needs another generator.
        InvalidValueError: If there are fewer rounds.
    """
    if rounds == len(record.lineage.rounds):
        return initial_noise(record, on_progress)
    return replay(record.lineage.ancestor(rounds), record.tensor.shape, record.axes, record.tensor, on_progress)


def frozen(noise: Noise) -> Noise:
    """Return a read-only float16 array with these values, in C order and the machine's byte order."""
    if noise.flags.writeable or not noise.flags.c_contiguous or not noise.dtype.isnative:
        noise = np.array(noise, dtype=np.float16, order="C")
        noise.flags.writeable = False
    return noise


def _root(lineage: Lineage, shape: tuple[int, ...], root_tensor: Noise | None) -> Noise:
    if isinstance(lineage.root, SeedRoot):
        return root_noise(lineage.root.seed, shape)
    return frozen(_checked_tensor(root_tensor, shape))


def _checked_tensor(root_tensor: Noise | None, shape: tuple[int, ...]) -> Noise:
    if root_tensor is None:
        raise InvalidValueError("a lineage with a tensor root needs the tensor, found none")
    if root_tensor.shape != shape:
        raise InvalidValueError(f"root noise of shape {list(shape)} needed, found {list(root_tensor.shape)}")
    return root_tensor


def _state_keys(lineage: Lineage, shape: tuple[int, ...], axes: str, root_tensor: Noise | None) -> tuple[Key, ...]:
    root = lineage.root
    if isinstance(root, SeedRoot):
        first = root_rule(str(root.seed), "", shape, axes)
    else:
        first = root_rule("", digest(_checked_tensor(root_tensor, shape)), shape, axes)
    return chain_keys([first, *(noise_rule(round_.seed, round_) for round_ in lineage.rounds)])


def _nearest_known(keys: tuple[Key, ...]) -> tuple[int, Noise | None]:
    """Return the last state that is in the cache, and how many rounds lead to it."""
    for done in range(len(keys) - 1, -1, -1):
        if (state := _STATES.find(keys[done])) is not None:
            return done, cast("Noise", state)
    return 0, None
