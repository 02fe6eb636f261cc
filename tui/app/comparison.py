"""What is compared with what: pure values and the words for them.

The *stage* is the place where two pictures are compared: the pane of the parent, or without a pane the cell under the
cursor.  The keys change what it shows; the other cells always show their own pictures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.search.running import PARENT


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """How the stage differs from its own picture.

    Attributes:
        is_flipped: Whether it shows the other picture: the candidate in place of the parent, or the reverse.
        is_difference: Whether it shows where the two differ.
    """

    is_flipped: bool = False
    is_difference: bool = False

    @property
    def is_active(self) -> bool:
        """Whether the stage shows anything but its own picture."""
        return self.is_flipped or self.is_difference

    def flipped(self) -> Comparison:
        """Return the comparison after the key that flips; it leaves the difference first."""
        return Comparison() if self.is_difference else replace(self, is_flipped=not self.is_flipped)

    def with_difference(self) -> Comparison:
        """Return the comparison after the key that shows the difference, or no longer does."""
        return replace(self, is_difference=not self.is_difference)

    def after_move(self, *, has_pane: bool) -> Comparison:
        """Return the comparison after the cursor moved: a pane goes on showing candidates, a cell is itself again."""
        return self if has_pane else replace(self, is_flipped=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """Who meets on the stage.

    Attributes:
        stage: The index of the picture that the stage belongs to.
        candidate: The index of the candidate.
    """

    stage: int
    candidate: int

    @property
    def other(self) -> int:
        """The index of the picture that the stage shows when it is flipped."""
        return self.candidate if self.stage == PARENT else PARENT


def percent_changed(share: float) -> str:
    """Return the part of a picture that changes, in whole percent, but never 0% when something does."""
    if 0.0 < share < 0.01:
        return "<1%"
    return f"{100 * share:.0f}%"


def caption_words(comparison: Comparison, compared: Compared, key: str, share: float | None) -> tuple[str, ...]:
    """Return what stands under the stage while it shows something else: in words, and in fewer of them.

    Args:
        comparison: The comparison.
        compared: Who meets on the stage.
        key: The key of the candidate.
        share: The part of the picture that changes; None while one of the two is not rendered.
    """
    whose = f"candidate {key}" if compared.stage == PARENT else ""
    if not comparison.is_difference:
        return (whose, f"= {key}") if whose else ("shows the parent", "parent")
    if share is None:
        return (f"{whose} is still rendering".strip(), "…")
    changed = percent_changed(share)
    named = f"{whose}: " if whose else ""
    return (
        f"{named}difference to the parent, {changed} of the picture changes",
        f"{whose or 'difference'}: {changed} changes",
        f"{changed} changes",
        f"Δ {changed}",
    )


def comparison_words(comparison: Comparison, compared: Compared, key: str, share: float | None) -> str:
    """Return what the stage shows, as the status line says it.

    Args:
        comparison: The comparison; it is active.
        compared: Who meets on the stage.
        key: The key of the candidate.
        share: The part of the picture that changes; None while one of the two is not rendered.
    """
    if comparison.is_difference and share is None:
        return f"candidate {key} or its parent is still rendering; their difference is shown when both are finished"
    if comparison.is_difference:
        return (
            f"the difference to the parent: {percent_changed(share or 0.0)} of the picture changes in candidate {key}"
        )
    if compared.stage == PARENT:
        return f"candidate {key} in place of the parent; Tab flips back, d shows the difference"
    return f"the parent in place of candidate {key}; Tab flips back, d shows the difference"
