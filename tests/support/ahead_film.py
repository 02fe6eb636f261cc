"""Record picks that are answered at once: the real app with the model that ships, which renders ahead while one looks.

    python -m tests.support.ahead_film docs/images/ahead.webp [--seed N] [--picks 3,5,...] [--prompt P]

The cursor goes to the picture that is picked next, and the film waits there for the word "ready".  Waits are shortened;
the times in the words are measured.  It needs the font DejaVu Sans Mono, which Linux distributions have.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from PIL import Image, ImageDraw, ImageFont

from engine.worker.client import WorkerRenderer
from tests.support.tui.driving import Driver, make_app, running
from tests.support.tui.screen_images import CELL, screen_image
from tui.app import hints

Frame: TypeAlias = tuple[Image.Image, float]
"""An image and for how many seconds it is shown."""
COLUMNS, ROWS = 96, 30
_EVERY: Final = 0.4
"""Seconds between two looks at the screen."""
_LONGEST: Final = 1.6
"""Seconds for which the film shows a wait that is longer."""
_TIMEOUT: Final = 300.0
_BAR: Final = 30
_ACCENT, _DARK = (255, 160, 60), (18, 18, 18)


def main() -> None:
    """Record the film, and print how long the picks took."""
    parser = argparse.ArgumentParser(description="Record picks that are answered at once.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--prompt", default="a lighthouse at sunset, a boat, a large sun")
    parser.add_argument("--seed", default="7")
    parser.add_argument("--picks", default="3,5,2", help="the keys of the pictures that are picked")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        words = ("--prompt", given.prompt, "--seed", given.seed, "--ahead", "4", "--first", "plain")
        recorder = asyncio.run(_record(Path(folder), words, given.picks.split(",")))
    write_film(given.out, recorder.frames)
    for seconds in recorder.waits:
        print(f"a pick was answered after {seconds:.2f} s")  # noqa: T201 (the figures of the film)


def write_film(path: Path, frames: list[Frame]) -> None:
    """Write frames as an animated WebP."""
    images, seconds = zip(*_joined(frames), strict=True)
    lengths = [round(1000 * each) for each in seconds]
    images[0].save(
        path, "WEBP", save_all=True, append_images=images[1:], duration=lengths, loop=0, quality=60, method=6
    )


async def _record(folder: Path, words: tuple[str, ...], picks: list[str]) -> _Recorder:
    app = make_app(folder, *words, renderer=WorkerRenderer())
    (folder / hints.FILE).write_text(json.dumps({"grids": len(hints.LESSONS), "graphics": [hints.KEEP_ALIVE]}), "ascii")
    async with running(app, size=(COLUMNS, ROWS)) as driver:
        recorder = _Recorder(driver)
        await recorder.until(lambda: driver.app.stage.search is not None and driver.screen.search is not None, "")
        await recorder.until(lambda: _is_complete(driver), "the first grid is rendered")
        for number, key in enumerate(picks, start=1):
            await recorder.pick(key, ready=number)
        return recorder


class _Recorder:
    """Takes images of a running app.

    Attributes:
        frames: The images so far.
        waits: The seconds from each pick to its complete grid.
    """

    def __init__(self, driver: Driver) -> None:
        self.frames: list[Frame] = []
        self.waits: list[float] = []
        self._driver = driver

    async def until(self, condition: Callable[[], bool], words: str) -> None:
        """Take images until a condition is true; words: what the film says meanwhile, "" for no images."""
        end, first = time.monotonic() + _TIMEOUT, len(self.frames)
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"nothing came of waiting: {words or 'the search has not begun'}")
            if words:
                self._take(words, _EVERY)
            await self._driver.pilot.pause(_EVERY)
        self.frames[first:] = _shortened(self.frames[first:], _LONGEST)

    async def pick(self, key: str, ready: int) -> None:
        """Let the cursor rest on a picture until its next grid and perhaps others are there, and pick it.

        Args:
            key: The key of the picture.
            ready: How many grids have to be there.
        """
        driver, screen = self._driver, self._driver.screen
        index = next(each for each in screen.grid.order if screen.key_of(each) == key)
        screen.grid.select(index)
        await self.until(
            lambda: screen.is_ready(index) and sum(map(screen.is_ready, range(driver.search.size))) >= ready,
            f"you look at picture {key}, and the grids that may follow are rendered",
        )
        self._take(f'"ready" under picture {key}: its grid is there', 1.4)
        self.waits.append(await self._press(key))
        await driver.pilot.pause(0.3)
        self._take(f"key {key}: the whole grid, {self.waits[-1]:.2f} s later", 1.8)

    async def _press(self, key: str) -> float:
        """Press the key of a picture, and return the seconds until the next grid is complete."""
        driver, before, began = self._driver, self._driver.search.session, time.monotonic()
        pressing = asyncio.create_task(driver.press(key))
        while driver.search.session is before or not _is_complete(driver):
            await asyncio.sleep(0.002)
        seconds = time.monotonic() - began
        await pressing
        return seconds

    def _take(self, words: str, seconds: float) -> None:
        screen = screen_image(self._driver)
        image = Image.new("RGB", (screen.width, screen.height + _BAR), _ACCENT)
        image.paste(screen, (0, _BAR))
        font = ImageFont.truetype("DejaVuSansMono-Bold.ttf", 16)
        ImageDraw.Draw(image).text((CELL[0], _BAR // 2), words, font=font, fill=_DARK, anchor="lm")
        self.frames.append((image, seconds))


def _is_complete(driver: Driver) -> bool:
    return all(driver.search.finished(index) for index in range(driver.search.size))


def _shortened(frames: list[Frame], seconds: float) -> list[Frame]:
    """Return frames that are shown no longer than so many seconds together."""
    total = sum(each for _, each in frames)
    return [(image, each * min(1.0, seconds / total)) for image, each in frames]


def _joined(frames: list[Frame]) -> Iterator[Frame]:
    """Yield the frames, those that follow each other and are the same as one of them."""
    shown: Frame | None = None
    for image, seconds in frames:
        if shown is not None and shown[0].tobytes() == image.tobytes():
            shown = shown[0], shown[1] + seconds
            continue
        if shown is not None:
            yield shown
        shown = image, seconds
    if shown is not None:
        yield shown


if __name__ == "__main__":
    main()
