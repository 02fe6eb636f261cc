"""The prompt's offset: where the rounds of a lineage have moved the embedding of the prompt to.

For distilled models, whose pictures hardly depend on the initial noise.  The offset is a state like the noise, and
moves by the same algebra, but its root is zero: the embedding that the prompt has.  So the prompt itself never fades,
and the offset never grows beyond a variance of 1.  What a renderer does with it, and why it needs no model here, stands
in SPEC.md, "The prompt's offset"; it does not touch the noise.  Knows no embeddings, only how many values they have.
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
"""Candidate i of embedding j draws from the stream (j + 1) * STREAMS + i: never from one of the noise."""

_STATES = ArrayCache(32 * 2**20)


def prompt_offset(lineage: Lineage, embedding: int, count: int, on_progress: OnProgress | None = None) -> Offset:
    """The offset of one embedding: (count,), float16, read-only; all zeros where no round moves the prompt.

    embedding: its number among those of the prompt, from 0.  count: its values; the first of a longer one are the same.
    on_progress: hears, after each round that moves the prompt, how many are replayed, of how many.
    NewerVersionError when the lineage needs another generator; InvalidValueError when it would take too long.
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
        state = _STATES.keep(keys[done], _moved(state, round_, embedding))
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


def _moved(state: Offset, round_: Round, embedding: int) -> Offset:
    """One round further: as the noise moves, without bands and region."""
    noise = blend(round_.seed, round_.of, round_.marks, len(state), (embedding + 1) * STREAMS)
    return move(state.astype(np.float64), noise, round_.prompt_scale).astype(np.float32).astype(np.float16)
