"""The way to a picture: its ancestors, one for each pick and each edit, and how one gets from each to the next."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from engine.search.axis import moves
from latentpng.record import Lineage, Round
from latentpng.regions import WHOLE, region_words
from latentpng.steps import step_ends

_WORDS = {
    "negative_prompt": "negative prompt",
    "prompt_style": "prompt style",
    "width": "size",
    "height": "size",
}
"""What people call settings, where the names in a file differ."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """One picture of the way.

    Attributes:
        rounds: The number of rounds of its lineage.
        words: What led to it: "start", "pick 3", "pick 4: 2 regions, blended", "new prompt".
        edits: The number of edits up to it: stops with the same number are rendered with the same settings.
        is_cut: No noise lies between the stop before and this one, because the settings changed or a stop was left
            out: the two pictures are faded into each other.
    """

    rounds: int
    words: str
    edits: int = 0
    is_cut: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """The way to a picture.

    Attributes:
        lineage: The lineage of the picture.
        stops: The pictures of the way, the root first.
    """

    lineage: Lineage
    stops: tuple[Stop, ...]

    def within(self, rendered: Collection[int], known: Collection[int]) -> Way:
        """Return the way as far as it can be shown.

        Args:
            rendered: The numbers of edits whose settings can be rendered here; see `Stop.edits`.
            known: The indices of the stops whose pictures are there already.

        Returns:
            The way without the stops that are neither known nor can be rendered.  Stops that are only known are
            faded into their neighbours.
        """
        stops: list[Stop] = []
        last = -1
        for index, stop in enumerate(self.stops):
            if stop.edits in rendered or index in known:
                moves_on = index == last + 1 and stop.edits in rendered
                stops.append(stop if moves_on else replace(stop, is_cut=True))
                last = index
        return replace(self, stops=tuple(stops))


def way_of(lineage: Lineage) -> Way:
    """Return the whole way to the picture of a lineage."""
    stops = [Stop(rounds=0, words="start")]
    picks = edits = 0
    for end in step_ends(lineage):
        step = lineage.rounds[stops[-1].rounds : end]
        changed = _changed(step)
        is_pick = any(map(moves, step))
        picks, edits = picks + is_pick, edits + bool(changed)
        words = f"pick {picks}{_pick_words(step)}" if is_pick else _edit_words(changed)
        stops.append(Stop(rounds=end, words=words, edits=edits, is_cut=bool(changed) or not is_pick))
    return Way(lineage=lineage, stops=tuple(stops))


def _changed(step: tuple[Round, ...]) -> tuple[str, ...]:
    """Return the names of the settings that change in a step."""
    return tuple(dict.fromkeys(name for round_ in step for name in round_.settings))


def _pick_words(step: tuple[Round, ...]) -> str:
    """Return what is special about a pick, after its number; "" for one candidate in the whole picture."""
    moved = [round_ for round_ in step if moves(round_)]
    words = [f"{len(moved)} regions"] if len(moved) > 1 else [region_words(round_.region) for round_ in moved]
    words = [each for each in words if each != region_words(WHOLE)]
    words += ["blended"] if any(len(round_.marks) > 1 for round_ in moved) else []
    return f": {', '.join(words)}" if words else ""


def _edit_words(changed: tuple[str, ...]) -> str:
    """Return what an edit changed, in a few words that are our own: the names of settings come from a file."""
    known = ("prompt", "model", "steps", "guidance", "scheduler", *_WORDS)
    names = tuple(dict.fromkeys(_WORDS.get(name, name) for name in changed if name in known))
    return f"new {', '.join(names)}" if names else "new settings"
