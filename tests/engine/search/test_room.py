"""At the limits of a file a search offers no candidates, says what to do, and goes on from an ancestor."""

from __future__ import annotations

import pytest

from engine.errors import InvalidRequestError
from engine.search.answers import Answer, Edited, Jumped, NoneBetter, Picked, Redone, Rerolled, Undone
from engine.search.history import size_of
from engine.search.room import WAY_OUT
from engine.search.session import Session, ask, tell
from latentpng.chunk.codec import encode_record
from latentpng.noise.replay import record_of, replay
from latentpng.record import Lineage, Round, SeedRoot
from latentpng.rules import MAX_ROUNDS
from tests.engine.search.sessions import by_region, edit, session, told

ROOT = SeedRoot(seed=7)
STAY: tuple[Answer, ...] = (Picked(marks=(0,)), NoneBetter(), Rerolled(), Edited(round_=edit("a hill")))


def moved(rounds: int) -> Session:
    moves = tuple(Round(seed=number % 10, scale=0.5, of=4, marks=(0,)) for number in range(rounds))
    return session(Lineage(root=ROOT, rounds=moves))


@pytest.mark.parametrize("answer", STAY)
def test_no_answer_goes_beyond_the_rounds_that_a_file_holds(answer: Answer) -> None:
    full = moved(MAX_ROUNDS)
    assert ask(full).candidates == ()
    with pytest.raises(InvalidRequestError) as caught:
        tell(full, answer)
    assert str(caught.value) == f"this picture came from 4,096 rounds, and a file holds 4,096: {WAY_OUT}"


def test_the_way_out_of_a_full_picture() -> None:
    full = moved(MAX_ROUNDS)
    before = tell(full, Undone())
    assert len(ask(before).candidates) == 4
    assert len(tell(before, Picked(marks=(1,))).lineage.rounds) == MAX_ROUNDS
    assert tell(before, Redone()).place == full.place
    assert len(ask(tell(full, Jumped(node=17))).candidates) == 4


def test_a_pick_by_region_may_have_more_rounds_than_there_is_room_for() -> None:
    with pytest.raises(InvalidRequestError, match="this picture came from 4,095 rounds, and a file holds 4,096: "):
        tell(moved(MAX_ROUNDS - 1), by_region(("left", 1), ("right", 2)))


def test_edits_end_before_the_metadata_of_a_file_is_full() -> None:
    current = session(Lineage(root=ROOT))
    long = "hills " * 3_000
    for count in range(13):
        current = told(Edited(round_=edit(f"{count} {long}")), start=current)
    with pytest.raises(InvalidRequestError) as caught:
        told(Edited(round_=edit(f"13 {long}")), start=current)
    assert str(caught.value) == (
        f"the rounds and edits that led to this picture take 229 of 240 KiB that a file has for them: {WAY_OUT}"
    )
    lineage = current.lineage
    noise = replay(Lineage(root=ROOT), (4, 8, 8), "CHW")
    assert encode_record(record_of(lineage, noise, axes="CHW", settings={"prompt": "hills " * 2_000}))
    assert current.node.size == size_of(lineage.rounds)
