"""How many grids are rendered ahead: as many as were asked for, or as many as this machine can spare.

What the machine does is asked in a thread, while a search is shown, and seldom: on some machines it takes a second.
"""

from __future__ import annotations

import contextlib
import os
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual.app import App
from textual.timer import Timer

from tui.app.work import begin, in_idle_thread

if TYPE_CHECKING:
    from engine.search.running import Search

AUTO: Final = "auto"
ASK_SECONDS: Final = 30.0
"""How often the machine is asked."""


def grids_ahead(choice: str, *, is_spare: bool) -> int:
    """Return how many grids are rendered ahead.

    Args:
        choice: What was asked for: "off", "auto" or a number of grids; "" is "off".
        is_spare: Whether the machine has time to spare; it counts for "auto" alone.
    """
    if choice == AUTO:
        from engine.search.ahead import AUTO_GRIDS  # not before the first paint

        return AUTO_GRIDS if is_spare else 0
    return int(choice) if choice.isdecimal() else 0


def has_time_to_spare(device: str) -> bool:
    """Return whether this machine runs on mains, and no other program uses its GPU; this may take some seconds.

    Args:
        device: Where the model runs; on a processor, nobody asks for a GPU.
    """
    from engine.machine import gpu_is_used_by_others, runs_on_battery

    return not runs_on_battery() and (device.startswith("cpu") or not gpu_is_used_by_others(own_processes()))


def own_processes() -> frozenset[int]:
    """Return the process IDs of this program, of the worker that stays, and of all that these have started."""
    import psutil  # not before the first paint

    found = set()
    for pid in filter(None, (os.getpid(), kept_process())):
        found.add(pid)
        with contextlib.suppress(psutil.Error):  # the system does not say; its processes then count as strangers
            found.update(child.pid for child in psutil.Process(pid).children(recursive=True))
    return frozenset(found)


def kept_process() -> int:
    """Return the process ID of the worker that stays; 0 when none is running, or when it does not answer."""
    from engine.errors import KeptWorkerError
    from engine.kept.address import address
    from engine.kept.connecting import ask_status, connect
    from engine.renderers import RendererChoice, needs_of

    try:
        connection = connect(address())
        if connection is None:
            return 0
        with connection:
            pid = ask_status(connection, needs_of(RendererChoice())).get("pid")
    except (ConnectionError, KeptWorkerError):
        return 0
    return pid if isinstance(pid, int) else 0


class WorkAhead:
    """Tells a search how many grids it renders ahead, as long as it is shown."""

    def __init__(self, app: App[Any], choice: str) -> None:
        """Prepare for the first search.

        Args:
            app: The app, whose threads ask the machine.
            choice: As for `grids_ahead`.
        """
        self._app, self._choice = app, choice
        self._search: Search | None = None
        self._device = ""
        self._timer: Timer | None = None

    def begin(self, search: Search, device: str) -> None:
        """Let a search render ahead: at once if a number was asked for, else as soon as the machine has answered.

        Args:
            search: The search.
            device: Where its model runs.
        """
        self.end()
        self._search, self._device = search, device
        if self._choice != AUTO:
            search.set_ahead(grids_ahead(self._choice, is_spare=True))
            return
        self._ask()

    def end(self) -> None:
        """Ask no more: the search is left."""
        self._search = None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _ask(self) -> None:
        begin(self._app, self._set, "work ahead", exclusive=True)

    async def _set(self) -> None:
        search = self._search
        is_spare = await in_idle_thread(partial(has_time_to_spare, self._device))
        if search is not None and search is self._search:
            search.set_ahead(grids_ahead(self._choice, is_spare=is_spare))
            self._timer = self._app.set_timer(ASK_SECONDS, self._ask)
