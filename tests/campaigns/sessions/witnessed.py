"""The program under attack: `warmer` itself, with a renderer that needs no model, that says what it has painted.

It runs in a process that was forked for it (`life`), so that nothing is imported again for each of thousands of starts.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import tui.app.launch
from engine.fake import FakeRenderer
from engine.worker.client import WorkerRenderer
from tests.campaigns.sessions.witness import of_session, sequence
from tui import cli
from tui.app.screens.search import SearchScreen
from tui.app.screens.search_saving import STILL_SAVING
from tui.app.screens.search_view import SearchView
from tui.graphics import seams
from tui.graphics.output import seams as output

if TYPE_CHECKING:
    from engine.rendering.renderer import Renderer

_STEP_SECONDS, _SLOW_STEP_SECONDS = 0.02, 0.5
_LATER_SECONDS = 0.05
_newest: dict[SearchView, str] = {}
_WORKER = "tests.support.engine.fake_worker"
RENDERERS: dict[str, Callable[[], Renderer] | None] = {
    "thread": lambda: FakeRenderer(step_seconds=_STEP_SECONDS),
    "process": lambda: WorkerRenderer(program=(_WORKER, str(_STEP_SECONDS))),
    "slow process": lambda: WorkerRenderer(program=(_WORKER, str(_SLOW_STEP_SECONDS))),
    "embedded": None,
}
"""What renders: the fake renderer in a thread, or in a worker process, so slowly that keys come before it has finished
anything; or the model that ships, in its own worker."""
STACKS = "stacks.txt"
"""The file in the home directory that gets the stacks of all threads on `STACKS_SIGNAL`."""
STACKS_SIGNAL = signal.SIGUSR2


def run_app(words: Sequence[str], renderer: str) -> None:
    """Run the app as the command does, and raise SystemExit."""
    _say_what_is_painted()
    make = RENDERERS[renderer]
    if make is not None:
        setattr(tui.app.launch, "_renderer", lambda _: make())  # noqa: B010 (the program has no other way in)
    cli.main(words)


def run_command(words: Sequence[str], renderer: str) -> None:
    """Run a command, and raise SystemExit."""
    make = RENDERERS[renderer]
    if make is not None:
        setattr(cli, "_renderer", lambda _: make())  # noqa: B010 (as above)
    cli.main(words)


def _say_what_is_painted() -> None:
    """Write a witness behind each frame that shows a new grid, or a new star."""
    show_round, show_chosen, star = SearchView.show_round, SearchView.show_chosen, SearchScreen.action_star

    async def show_round_and_say(screen: SearchView) -> None:
        await show_round(screen)
        _say(screen)

    def show_chosen_and_say(screen: SearchView, before: object) -> None:
        show_chosen(screen, before)  # type: ignore[arg-type]  # handed on
        _say(screen)

    async def star_and_say(screen: SearchScreen) -> None:
        await star(screen)
        _say(screen)

    setattr(SearchView, "show_round", show_round_and_say)  # noqa: B010 (as above)
    setattr(SearchView, "show_chosen", show_chosen_and_say)  # noqa: B010 (as above)
    setattr(SearchScreen, "action_star", star_and_say)  # noqa: B010 (as above)


def _say(screen: SearchView) -> None:
    if screen.search is not None:
        seen = of_session(screen.search.session, screen.search.folder.name)
        _newest[screen] = text = sequence(seen)
        screen.call_after_refresh(partial(_write, screen, text))


def _write(screen: SearchView, text: str) -> None:
    """Write a witness unless there is a newer one; while the terminal is behind, it is held back as the frames are.

    It is held back too while the app says that the disk is slow: until then, it promises nothing.
    """
    if _newest[screen] == text:
        if output.is_behind(screen.app) or getattr(screen, "notice", "") == STILL_SAVING:
            screen.set_timer(_LATER_SECONDS, partial(screen.call_after_refresh, partial(_write, screen, text)))
        else:
            seams.write(screen.app, text)


def settle_in(home: Path, variables: dict[str, str]) -> None:
    """Give this process a home of its own and the streams that it was forked with."""
    for name in [name for name in os.environ if name.startswith(("XDG_", "WARMER_", "TMUX", "COLUMNS", "LINES"))]:
        del os.environ[name]
    os.environ.update(variables, HOME=str(home), TMPDIR=str(home / "tmp"))
    os.chdir(home)
    faulthandler.register(STACKS_SIGNAL, (home / STACKS).open("a"))
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        stream = open(number, mode, encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115 (descriptors)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
