"""Graphics: the object that an app owns and through which every picture goes to the terminal.

    class Warmer(App[None]):
        def __init__(self, terminal: Terminal) -> None:
            super().__init__()
            self.graphics = Graphics(terminal)

        def on_cursor_position(self) -> None:     # the terminal has drawn what was sent
            self.graphics.on_cursor_position()

The newest picture of each cell wins.  Pictures are encoded in one thread and sent in batches; a batch waits until the
terminal has drawn the batch before it (see `pacing`).  When nothing has been asked for during REFINE_SECONDS, pixels
that were sent in few colours are sent once more in all that the terminal shows: one cell after the other, and only
where that takes no longer than REFINED_SECONDS, so that the next key is not kept waiting.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final, Protocol

from textual.app import App
from textual.geometry import Region

from engine.rendering.events import Picture
from tui.graphics import seams
from tui.graphics.frame import Frame, Quality
from tui.graphics.frames import FrameCache
from tui.graphics.geometry import Box
from tui.graphics.pacing import Pace
from tui.graphics.painters import Painter, painter_for
from tui.graphics.terminal import probe
from tui.graphics.terminal.capabilities import Terminal

ASK_CURSOR: Final = "\x1b[6n"
AT_ONCE: Final = 2
"""Cells in one batch: a key that is pressed meanwhile waits for no more than these."""
LIKELY: Final = 2
"""Pictures that are encoded before anybody asks for them: those that the next key is likely to show."""


REFINE_SECONDS: Final = 0.4
REFINED_SECONDS: Final = 0.1
LOOKED_AT_SECONDS: Final = 1.0
_TIMES_AS_LONG: Final = {"kitty": 4.0, "sixel": 2.2}
"""How much longer a picture is in its best quality."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A picture that a cell is to show.

    Attributes:
        picture: The picture.
        box: The room for it.
        quality: "preview" is sent small and rough.
        refined: It is looked at closely: send it in its best quality even if that takes LOOKED_AT_SECONDS.
        generation: The cell counts its clear() calls by it: a frame from before the last one is not shown.
    """

    picture: Picture
    box: Box
    quality: Quality
    generation: int
    refined: bool = False


class Cell(Protocol):
    """What the service needs of a picture cell."""

    @property
    def on_active_screen(self) -> bool:
        """Whether the cell is on the screen that is seen."""

    @property
    def content_region(self) -> Region:
        """The part of the screen that the picture may cover."""

    def present(self, frame: Frame, wanted: Wanted) -> str:
        """Show a frame, and return what has to be written for it."""

    def painted(self) -> str:
        """Return what has to be written after Textual has painted over the cell."""


class Graphics:
    """Brings the pictures of an app's cells to the terminal.

    Attributes:
        terminal: What the terminal can do.
    """

    def __init__(
        self, terminal: Terminal | None = None, *, write: Callable[[str], None] | None = None, refines: bool = True
    ) -> None:
        """Prepare the service; it begins to work with its first cell.

        Args:
            terminal: What the terminal can do; None for half-cells.
            refines: Use idle time to send pictures once more in all their colours.
            write: Takes what is written past Textual, instead of the terminal (for tests).
        """
        self.terminal = terminal or Terminal()
        self._write_to = write
        self._app: App[Any] | None = None
        self._cells: dict[Cell, None] = {}
        self._wanted: dict[Cell, Wanted] = {}
        self._damaged: dict[Cell, None] = {}
        self._cache = FrameCache(self.terminal)
        self._refines = refines and self.terminal.protocol in _TIMES_AS_LONG
        self._coarse: dict[Cell, tuple[Wanted, int]] = {}  # what could be refined, and the bytes it took
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._likely: deque[tuple[Picture, Box]] = deque(maxlen=LIKELY)
        self._pace = Pace()
        self._last_want = 0.0
        self._news = asyncio.Event()
        self._running = self._closed = False
        # Image ids are shared by all programs in a terminal (panes of tmux): a random start keeps them apart.
        self._image_ids = count(random.randrange(1 << 22))

    def painter(self) -> Painter:
        """Return the painter of a new cell."""
        return painter_for(self.terminal, image_id=next(self._image_ids) % 0xFFFFFF + 1)

    def box(self, region: Region) -> Box:
        """Return the box of a cell whose content covers a region of the screen, at the current size of characters."""
        width, height = probe.cell_size() or (self.terminal.cell_width, self.terminal.cell_height)
        # Some terminals scroll when sixels reach the last line of the screen.
        scrolls = self.terminal.protocol == "sixel" and self._app is not None and region.bottom >= self._app.size.height
        return Box(columns=region.width, rows=region.height - scrolls, cell_width=width, cell_height=height)

    def join(self, cell: Cell, app: App[Any]) -> None:
        """Add a cell that was mounted in an app."""
        if self._app is not app:
            self._app = app
            seams.on_painted(app, self._painted)
        self._cells[cell] = None

    def leave(self, cell: Cell) -> None:
        """Remove a cell that was unmounted."""
        self._cells.pop(cell, None)
        self.forget(cell)

    def want(self, cell: Cell, wanted: Wanted) -> None:
        """Show this in a cell as soon as the terminal is ready, instead of what the cell wanted before."""
        self._coarse.pop(cell, None)
        self._wanted[cell] = wanted
        self._last_want = time.monotonic()
        self._start()

    def prepare(self, picture: Picture, box: Box) -> None:
        """Encode a picture into the cache, as soon as nothing else is to be done; of many, only the last few."""
        self._likely.append((picture, box))
        if self.is_idle:
            self._prepare()

    def forget(self, cell: Cell) -> None:
        """Drop what a cell wanted and has not been shown."""
        self._wanted.pop(cell, None)
        self._coarse.pop(cell, None)

    def write(self, data: str) -> None:
        """Send data to the terminal, in order with Textual's own writes."""
        if self._write_to is not None:
            if data:
                self._write_to(data)
        elif self._app is not None:
            seams.write(self._app, data)

    def on_cursor_position(self) -> None:
        """Note that the terminal has answered: it has drawn everything that was sent before the question."""
        self._pace = self._pace.answered(time.monotonic())
        self._start()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to send: every picture of a visible cell is in the terminal, in its best quality."""
        return not (self._running or self._due() or self._damaged or self._next_coarse())

    def close(self) -> None:
        """Stop encoding."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _prepare(self) -> None:
        while self._likely and not self._closed:
            picture, box = self._likely.popleft()
            self._thread.submit(self._cache.frame, picture, box, "full")

    def _start(self) -> None:
        self._news.set()
        if not self._running and self._app is not None and (self._due() or self._next_coarse()):
            self._running = True
            self._app.run_worker(self._run(), name="pictures", group="pictures")

    async def _run(self) -> None:
        """Send frames until nothing is left to show.

        This is a worker of Textual's: an error in it ends the app and is shown, and the end of the app cancels it.
        """
        try:
            while True:
                if due := self._due():
                    previews = all(wanted.quality == "preview" for wanted in due.values())
                    if (seconds := self._pace.wait(time.monotonic(), preview=previews)) > 0:
                        await self._wait(seconds)
                    else:
                        await self._send(list(due)[:AT_ONCE])
                elif not await self._refine():
                    return
        finally:
            self._running = False
        if self.is_idle:
            self._prepare()

    async def _refine(self) -> bool:
        """Send one picture in its best quality, unless a cell wants something first; return False when none is left."""
        await self._wait_for_answer()
        cell = self._next_coarse()
        if cell is None:
            return False
        while (seconds := self._until_refining()) > 0:
            await self._wait(seconds)
            if self._due() or cell not in self._coarse:
                return True
        wanted, _ = self._coarse[cell]
        frame = await self._encode(replace(wanted, quality="best"))
        # What the cell has asked for meanwhile is newer, and a frame that comes from an older one must not follow it.
        if (now := self._coarse.pop(cell, None)) is not None and now[0] is wanted and cell in self._cells:
            self.write(cell.present(frame, wanted))
            self._sent(frame.size)
        return True

    async def _wait_for_answer(self) -> None:
        """Wait until the terminal has drawn what was sent, which tells how fast it is."""
        while self._coarse and not self._due() and self._pace.asked is not None:
            seconds = self._pace.wait(time.monotonic(), preview=True)
            if seconds <= 0 or not self._pace.answers:
                return
            await self._wait(seconds)

    def _until_refining(self) -> float:
        now = time.monotonic()
        return max(self._last_want + REFINE_SECONDS - now, self._pace.wait(now, preview=True))

    def _next_coarse(self) -> Cell | None:
        """Return a cell that can be refined now: a connection that is slow or not known is spared."""
        speed = 0.0 if self.terminal.in_tmux and self.terminal.remote else self._pace.speed  # tmux answers for itself
        longer = _TIMES_AS_LONG.get(self.terminal.protocol, 0.0)
        for cell, (wanted, size) in self._coarse.items():
            is_near = size * longer <= speed * (LOOKED_AT_SECONDS if wanted.refined else REFINED_SECONDS)
            if cell.on_active_screen and (is_near or (wanted.refined and not speed)):
                return cell
        return None

    def _due(self) -> dict[Cell, Wanted]:
        """Return what can be shown now; the cells of covered screens are shown when they are painted again."""
        return {cell: wanted for cell, wanted in self._wanted.items() if cell.on_active_screen}

    async def _wait(self, seconds: float) -> None:
        self._news.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass

    async def _send(self, cells: list[Cell]) -> None:
        """Send one frame for each cell; previews are left for later when only finished pictures may be sent now."""
        size = 0
        may_preview = self._pace.wait(time.monotonic(), preview=True) == 0
        for cell in cells:
            wanted = self._wanted.get(cell)
            if wanted is None or (wanted.quality == "preview" and not may_preview):
                continue
            del self._wanted[cell]
            frame = await self._encode(wanted)
            if cell in self._cells:
                self.write(cell.present(frame, wanted))
                size += frame.size
                if self._refines and wanted.quality == "full" and cell not in self._wanted:
                    self._coarse[cell] = (wanted, frame.size)
        self._sent(size)

    def _sent(self, size: int) -> None:
        self._pace = self._pace.sent(size, time.monotonic(), asked=self.terminal.paced)
        if self.terminal.paced and self._app is not None:
            self._app.call_after_refresh(self.write, ASK_CURSOR)

    async def _encode(self, wanted: Wanted) -> Frame:
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._cache.frame, wanted.picture, wanted.box, wanted.quality
        )

    def _painted(self, damaged: seams.Damage) -> None:
        """Note which cells were painted over, and draw them again after the refresh.

        Textual often paints a screen twice when it comes back: drawing is left until the last time, and done once.
        """
        before = len(self._damaged)
        self._damaged |= {cell: None for cell in self._cells if cell.on_active_screen and damaged(cell.content_region)}
        if self._damaged and not before and self._app is not None:
            self._app.call_after_refresh(self._redraw)
        self._start()

    def _redraw(self) -> None:
        damaged, self._damaged = self._damaged, {}
        self.write("".join(cell.painted() for cell in damaged if cell in self._cells and cell.on_active_screen))
