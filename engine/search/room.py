"""Whether a picture can have descendants: a file holds so many rounds and so many bytes, and no more.

A search does not end there.  At the limit it offers no candidates, and goes on from any ancestor.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.search.history import Node, size_of
from latentpng.chunk.header import MAX_METADATA
from latentpng.record import Round
from latentpng.rules import MAX_ROUNDS

_RESERVED_BYTES = 16 * 2**10
"""What the settings of a picture take in its file, and what rendered it, unless its prompts are very long."""
WAY_OUT = "go back with u, or choose an earlier picture with h, and go on from there"
WAY_OUT_OF_FILE = "choose an earlier picture of it with h in the app, or save one with warmer render --round"


def no_room(node: Node, rounds: Sequence[Round], way_out: str = WAY_OUT) -> str:
    """Return why a picture cannot have more rounds, and what to do, as a sentence; "" if it can.

    Args:
        node: Its node.
        rounds: The rounds that would be added.
        way_out: What to do, as the end of a sentence.
    """
    if node.rounds + len(rounds) > MAX_ROUNDS:
        return f"this picture came from {node.rounds:,} rounds, and a file holds {MAX_ROUNDS:,}: {way_out}"
    most = MAX_METADATA - _RESERVED_BYTES
    if node.size + size_of(rounds) > most:
        size = f"{node.size / 1024:.0f} of {most // 1024} KiB that a file has for them"
        return f"the rounds and edits that led to this picture take {size}: {way_out}"
    return ""
