"""The prompt's offset: how far the rounds of a lineage have moved the embedding of the prompt.

It is meant for distilled models, whose pictures hardly depend on the initial noise.  The offset is a state like the
noise and moves by the same algebra, but its root is zero, which stands for the embedding that the prompt has.  So the
prompt itself never fades, and the variance of the offset never exceeds 1.  SPEC.md, section 7, is the law and says what
a renderer does with the offset.  This module knows no embeddings, only how many values they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from latentpng.errors import InvalidValueError, NewerVersionError
from latentpng.identity import chain_keys, prompt_rule
from latentpng.noise.cache import ArrayCache
from latentpng.noise.perturbation import blend, move
from latentpng.record import GAUSS1, Lineage, Round
from latentpng.rules import MAX_WORK, work_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentpng.noise.replay import OnProgress

    Offset: TypeAlias = NDArray[np.float16]

MAX_EMBEDDINGS = 64
STREAMS = 2**32
"""Candidate i of embedding j draws from the stream (j + 1) * STREAMS + i, which the noise never uses."""

_STATES = ArrayCache(32 * 2**20)


def prompt_offset(lineage: Lineage, embedding: int, count: int, on_progress: OnProgress | None = None) -> Offset:
    """Return the offset of one embedding after all rounds.

    Args:
        lineage: The lineage of the picture.
        embedding: The number of the embedding among those of the prompt, from 0.
        count: How many values it has.  Those of a shorter embedding are the first of a longer one.
        on_progress: Called after each round that moves the prompt with the number of such rounds replayed and their
            total.

    Returns:
        (count,), float16, read-only; all zeros if no round moves the prompt.

    Raises:
        NewerVersionError: If the lineage needs another generator.
        InvalidValueError: If there are too many embeddings, or the replay would take too long.
    """
    moves = [round_ for round_ in lineage.rounds if round_.prompt_scale]
    _check(lineage, moves, embedding, count)
    keys = chain_keys([(embedding, count), *(prompt_rule(round_.seed, round_) for round_ in moves)])
    known = [done for done in range(len(moves), 0, -1) if _STATES.find(keys[done]) is not None]
    done = known[0] if known else 0
    cached = _STATES.find(keys[done])
    state = cast("Offset", cached) if cached is not None else _STATES.keep(keys[0], np.zeros(count, np.float16))
    for round_ in moves[done:]:
        done += 1
        state = _STATES.keep(keys[done], _perturbed(state, round_, embedding))
        if on_progress is not None:
            on_progress(done, len(moves))
    return state


def _check(lineage: Lineage, moves: list[Round], embedding: int, count: int) -> None:
    if lineage.noise != GAUSS1:
        raise NewerVersionError(f"only the noise generator {GAUSS1!r} is supported, found {lineage.noise!r}")
    if not 0 <= embedding < MAX_EMBEDDINGS:
        raise InvalidValueError(f"a prompt has at most {MAX_EMBEDDINGS} embeddings, found number {embedding}")
    work = count * sum(work_of(round_.of) for round_ in moves)
    if work > MAX_WORK:
        raise InvalidValueError(f"at most {MAX_WORK} values in all rounds that move the prompt, found {work}")


def _perturbed(state: Offset, round_: Round, embedding: int) -> Offset:
    """Return the offset after one more round: it moves as the noise does, without bands and region."""
    noise = blend(round_.seed, round_.of, round_.marks, len(state), (embedding + 1) * STREAMS)
    return move(state.astype(np.float64), noise, round_.prompt_scale).astype(np.float32).astype(np.float16)
