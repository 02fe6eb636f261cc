"""The words of a pick by region: what is asked, what was answered, and what came of it.  Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.search.answers import PickedByRegion
from engine.search.axis import scale_of
from engine.search.regions import SHORT_NAMES, Split, region_words
from engine.search.session import Session, is_combined
from tui.app.region_pick import MAX_HERE, RegionPick

NOTHING_ANSWERED = "nothing is answered yet: press the number of the best picture there, or Esc"
ALL_ANSWERED = "every region is answered; Enter picks this, Backspace takes the last answer back"
NO_ANSWER_TO_ADD_TO = "answer a region first; then + and a key add a second candidate to it"
PARENT_STAYS_THERE = "the parent stays in that region; Backspace goes back to it"
NOT_THE_PARENT = "only candidates can be blended in a region; press the key of one, or + again for none"
ENOUGH_HERE = f"at most {MAX_HERE} candidates are blended in a region; Backspace takes them back"
GONE = "a candidate that you chose is no longer on offer; its region asks again"
NOTHING_TO_TAKE_BACK = "nothing is answered yet; Esc picks whole pictures again"
WHOLE_AGAIN = "pictures are picked as a whole again"
CHOSEN_ALREADY = "{key} is chosen there already; press the key of a different one, or + again for none"
ALONE = "w takes the best single candidate"
ALONE_NOW = "the best single candidate is the parent instead; u goes back"
SINGLE = "the parent is a single candidate already; w is for blends and picks by region"


def place_forms(regions: Sequence[str]) -> tuple[str, ...]:
    """Return where halves and quarters lie, in words and as scripts name them: "top left, right" and "tl r"."""
    if not regions:
        return ()
    return ", ".join(map(_place, regions)), " ".join(SHORT_NAMES[region] for region in regions)


def _place(region: str) -> str:
    """Return where a half or a quarter lies: "left", "top right"."""
    return region_words(region).rpartition(" ")[0]


def asking_words(pick: RegionPick, key_of: Callable[[int], str], columns: int) -> str:
    """Return what the status line asks.

    Args:
        pick: The pick; it has regions.
        key_of: Returns the key of the candidate at a position.
        columns: Of the line.
    """
    if pick.is_complete:
        return _fitting(_answered_forms(pick, key_of), columns)
    where = region_words(pick.lit)
    if pick.is_adding:
        chosen = key_of(pick.answers[-1][0])
        words = f"{where}: press the key of the picture to blend with {chosen}"
        return _fitting((f"{words}, or + again for none", words, f"blend {chosen} with?"), columns)
    count = f"{where} ({len(pick.answers) + 1} of {len(pick.regions)})"
    best = f"{count}: press the number of the best picture there"
    finer = "; x for quarters" if pick.split is Split.HALVES and not pick.answers else ""
    kept = f"{best}, Space keeps the parent"
    return _fitting(
        (kept + finer, best + finer, kept, best, f"{count}: which is best?", f"{where}: best?", where), columns
    )


def answer_forms(pick: RegionPick, key_of: Callable[[int], str]) -> tuple[str, str]:
    """Return what was answered for each region: "top left 3, top right 5+2", and shorter "tl 3, tr 5+2"."""
    answers = ["+".join(map(key_of, marks)) or "parent" for marks in pick.answers]
    long, short = (
        ", ".join(f"{name(region)} {answer}" for region, answer in zip(pick.regions, answers, strict=False))
        for name in (_place, SHORT_NAMES.__getitem__)
    )
    return long, short


def dropped_words(before: RegionPick, after: RegionPick, marks: int = 0) -> str:
    """Return what is said when the split changes; "" where the regions ask, and nothing was given up for them.

    Args:
        before: The pick before.
        after: The pick with its new split.
        marks: The number of candidates that were marked for a blend.
    """
    count, what = (marks, "mark") if marks else (len(before.answers), "answer")
    if not count:
        return "" if after.is_asking else WHOLE_AGAIN
    gone = f"the {what} is dropped" if count == 1 else f"the {count} {what}s are dropped"
    return f"{gone}; {f'pick by {after.split.value} now' if after.is_asking else WHOLE_AGAIN}"


def scale_words(before: Session, after: Session, answer: PickedByRegion) -> str:
    """Return why the scale is smaller after a pick by region; "" when it is not."""
    if scale_of(after.template) >= scale_of(before.template):
        return ""
    reason = "few regions improved" if 2 * len(answer.parts) < answer.asked else "picks by region go on nearer"
    return f"{reason}: scale {scale_of(after.template):.2g}"


def is_fresh_combination(session: Session) -> bool:
    """Return whether the last answer made the parent out of several candidates."""
    return is_combined(session) and bool(session.past) and session.past[-1].node == session.node.parent


def _answered_forms(pick: RegionPick, key_of: Callable[[int], str]) -> tuple[str, ...]:
    ends = ("Enter picks this, Backspace takes the last answer back", "Enter picks this, Backspace goes back")
    answers = answer_forms(pick, key_of)
    return (
        *(f"{each}: {end}" for each in answers for end in (*ends, "Enter picks this")),
        "Enter picks this",
    )


def _fitting(forms: tuple[str, ...], columns: int) -> str:
    """Return the first form that fits, else the last one."""
    return next((form for form in forms if len(form) < columns), forms[-1])
