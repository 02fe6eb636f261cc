"""Which pictures, sent in few colours, are sent once more in all that the terminal shows, while nothing else is sent.

One cell after the other, and only where that takes no longer than REFINED_SECONDS, so that the next key is not kept
waiting.
"""

from __future__ import annotations

from typing import Final

from tui.graphics.terminal.capabilities import Terminal
from tui.graphics.wanted import Cell, Wanted

REFINE_SECONDS: Final = 0.4
"""How long nothing has to be asked for before pictures are refined."""
REFINED_SECONDS: Final = 0.1
LOOKED_AT_SECONDS: Final = 1.0
"""As REFINED_SECONDS, for a picture that is looked at closely."""
_TIMES_AS_LONG: Final = {"kitty": 4.0, "sixel": 2.2}
"""How many times as many bytes a picture takes in its best quality."""


class Coarse:
    """The pictures that the terminal shows in fewer colours than it can."""

    def __init__(self, terminal: Terminal, *, refines: bool = True) -> None:
        """Remember nothing yet.

        Args:
            terminal: What the terminal can do.
            refines: False to remember nothing at all.
        """
        self._times_as_long = _TIMES_AS_LONG.get(terminal.protocol, 0.0) if refines else 0.0
        self._knows_speed = not (terminal.in_tmux and terminal.remote)  # there tmux answers, not the terminal
        self._shown: dict[Cell, tuple[Wanted, int]] = {}

    def __contains__(self, cell: Cell) -> bool:
        return cell in self._shown

    def __bool__(self) -> bool:
        return bool(self._shown)

    def add(self, cell: Cell, wanted: Wanted, size: int) -> None:
        """Remember that a cell shows a picture, and how many bytes that took; previews and plain cells are left."""
        if self._times_as_long and wanted.quality == "full":
            self._shown[cell] = (wanted, size)

    def forget(self, cell: Cell) -> None:
        """Forget a cell, which shows something else, or nothing."""
        self._shown.pop(cell, None)

    def wanted(self, cell: Cell) -> Wanted | None:
        """Return what a cell shows; None when that cannot be refined any more."""
        wanted, _ = self._shown.get(cell, (None, 0))
        return wanted

    def next(self, speed: float) -> Cell | None:
        """Return a cell that can be refined now: a connection that is slow or not known is spared.

        Args:
            speed: Bytes a second that the terminal was seen to draw; 0 while that is not known.
        """
        speed = speed if self._knows_speed else 0.0
        for cell, (wanted, size) in self._shown.items():
            seconds = LOOKED_AT_SECONDS if wanted.refined else REFINED_SECONDS
            is_quick = size * self._times_as_long <= speed * seconds
            if cell.on_active_screen and (is_quick or (wanted.refined and not speed)):
                return cell
        return None
