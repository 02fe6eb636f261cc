"""What varies, as people say it, for a region: pure functions from masks (`engine.search.regions`) to plain text."""

from __future__ import annotations

from engine.search.regions import WORDS, coverage, inverted, region_words

_MOST = 0.5


def is_best_named_by_what_stays(region: str) -> bool:
    """Return whether words say what of the picture stays, not what moves: a named part, or the smaller one."""
    return region not in WORDS and (inverted(region) in WORDS or coverage(region) > _MOST)


def moving_words(region: str) -> str:
    """Return what moves as a sentence: "only the top left quarter varies"."""
    if is_best_named_by_what_stays(region):
        return f"everything but {_named(inverted(region))} varies"
    return f"only {_named(region)} varies"


def place_words(region: str) -> str:
    """Return where something moves: "only in the top left quarter"."""
    if is_best_named_by_what_stays(region):
        return f"everywhere but in {_named(inverted(region))}"
    return f"only in {_named(region)}"


def drawn_words(shape: str, *, is_outside: bool) -> str:
    """Return what a region that is being drawn means.

    Args:
        shape: The mask of what lies inside the frame.
        is_outside: Whether what lies outside moves.
    """
    share = 1.0 - coverage(shape) if is_outside else coverage(shape)
    if not share:
        return "nothing varies: draw a box, or choose cells with 1 to 9"
    if share >= 1.0:
        return "the whole picture varies"
    percent = f"{max(1, round(100 * share))}% of the picture"
    if shape in WORDS:
        return f"{'everything but' if is_outside else 'only'} the {WORDS[shape]} varies, {percent}"
    return f"only the {'outside' if is_outside else 'inside'} of the frame varies, {percent}; the rest stays"


def _named(region: str) -> str:
    return f"{'the' if region in WORDS else 'a'} {region_words(region)}"
