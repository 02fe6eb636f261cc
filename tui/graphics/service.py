"""Graphics: the object that an app owns and through which every picture goes to the terminal.

    class Warmer(App[None]):
        def __init__(self, terminal: Terminal) -> None:
            super().__init__()
            self.graphics = Graphics(terminal)

        def on_cursor_position(self) -> None:     # the terminal has drawn what was sent
            self.graphics.on_cursor_position()

The newest picture of each cell wins.  Pictures are encoded in one thread and sent in batches; a batch waits until the
terminal has drawn the batch before it (see `pacing`).  When nothing has been asked for during REFINE_SECONDS, pixels
that were sent in few colours are sent once more in all that the terminal shows (see `refining`).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import Any, Final

from textual.app import App
from textual.geometry import Region

from engine.rendering.events import Picture
from tui.graphics import seams
from tui.graphics.frame import Frame
from tui.graphics.frames import FrameCache
from tui.graphics.geometry import Box
from tui.graphics.output import seams as output
from tui.graphics.pacing import Pace
from tui.graphics.painters import Painter, painter_for
from tui.graphics.refining import REFINE_SECONDS, Coarse
from tui.graphics.terminal import probe
from tui.graphics.terminal.capabilities import Terminal
from tui.graphics.wanted import Cell, Wanted

ASK_CURSOR: Final = "\x1b[6n"
AT_ONCE: Final = 2
"""Cells in one batch: a key that is pressed meanwhile waits for no more than these."""
BEHIND_SECONDS: Final = 1.0
"""How often a terminal that has not read what it was sent is looked at; it also tells when it has."""
LIKELY: Final = 2
"""Pictures that are encoded before anybody asks for them: those that the next key is likely to show."""


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
        self._coarse = Coarse(self.terminal, refines=refines)
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
            output.on_room(app, self._start)
        self._cells[cell] = None

    def leave(self, cell: Cell) -> None:
        """Remove a cell that was unmounted."""
        self._cells.pop(cell, None)
        self.forget(cell)

    def want(self, cell: Cell, wanted: Wanted) -> None:
        """Show this in a cell as soon as the terminal is ready, instead of what the cell wanted before."""
        self._coarse.forget(cell)
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
        self._coarse.forget(cell)

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
        return not (self._running or self._due() or self._damaged or self._coarse.next(self._pace.speed))

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
        if not self._running and self._app is not None and (self._due() or self._coarse.next(self._pace.speed)):
            self._running = True
            self._app.run_worker(self._run(), name="pictures", group="pictures")

    # Finished pictures come first: if only previews were taken, which may have to wait, this loop would never end.
    async def _run(self) -> None:
        """Send frames until nothing is left to show.

        This is a worker of Textual's: an error in it ends the app and is shown, and the end of the app cancels it.
        """
        try:
            while True:
                if due := self._due():
                    previews = all(wanted.quality == "preview" for wanted in due.values())
                    if (seconds := self._until_sending(preview=previews)) > 0:
                        await self._wait(seconds)
                    else:
                        await self._send(sorted(due, key=lambda cell: due[cell].quality == "preview")[:AT_ONCE])
                elif not await self._refine():
                    return
        finally:
            self._running = False
        if self.is_idle:
            self._prepare()

    async def _refine(self) -> bool:
        """Send one picture in its best quality, unless a cell wants something first; return False when none is left."""
        await self._wait_for_answer()
        cell = self._coarse.next(self._pace.speed)
        if cell is None:
            return False
        while (seconds := self._until_refining()) > 0:
            await self._wait(seconds)
            if self._due() or cell not in self._coarse:
                return True
        wanted = self._coarse.wanted(cell)
        if wanted is None:
            return True
        frame = await self._encode(replace(wanted, quality="best"))
        # What the cell has asked for meanwhile is newer, and a frame that comes from an older one must not follow it.
        if self._coarse.wanted(cell) is wanted and cell in self._cells:
            self._coarse.forget(cell)
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
        return max(self._last_want + REFINE_SECONDS - time.monotonic(), self._until_sending(preview=True))

    def _until_sending(self, *, preview: bool) -> float:
        """Return how many seconds to wait before the next frame is sent, unless there is news before."""
        if self._app is not None and output.is_behind(self._app):
            return BEHIND_SECONDS
        return self._pace.wait(time.monotonic(), preview=preview)

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
        may_preview = self._until_sending(preview=True) == 0
        for cell in cells:
            wanted = self._wanted.get(cell)
            if wanted is None or (wanted.quality == "preview" and not may_preview):
                continue
            del self._wanted[cell]
            frame = await self._encode(wanted)
            if cell in self._cells:
                self.write(cell.present(frame, wanted))
                size += frame.size
                if cell not in self._wanted:
                    self._coarse.add(cell, wanted, frame.size)
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
