"""Start the app: ask the terminal what it can do first, and print afterwards where the pictures are."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import InvalidRequestError
from latentpng.errors import ExitCode
from latentpng.text import plain
from tui.app.sources import PictureSource
from tui.graphics.terminal import probe
from tui.graphics.terminal.capabilities import detect, set_truecolor

if TYPE_CHECKING:
    from engine.invert import PreparedPhoto
    from engine.open import Opening
    from engine.options import Options
    from engine.rendering.renderer import Renderer
    from tui.app.app import WarmerApp
    from tui.arguments import AppArguments

SWITCH_SECONDS = 0.001
"""How long a thread may hold the interpreter: the one that encodes pictures must not delay the keys."""


def run_app(options: Options, arguments: AppArguments, *, changed: bool) -> int:
    """Run the app to its end.

    Args:
        options: What the person asked for.
        arguments: What only the app is asked for.
        changed: Whether any of them differs from its default.  Then they are checked before anything is drawn; without
            options, nothing delays the first paint.

    Returns:
        The exit code.

    Raises:
        InvalidRequestError: There is no terminal, an option is out of range, or there is no such theme.
        EngineError: The model cannot be used.
        LatentPngError: The picture cannot be read, or is none.
    """
    if not probe.on_terminal():
        raise InvalidRequestError("warmer needs a terminal; in scripts use `warmer new`, `vary`, `render` and `invert`")
    opening = opening_at_start(options, arguments) if changed else None
    terminal = detect(arguments.graphics or "auto")
    set_truecolor(terminal)
    from tui.app.app import WarmerApp  # Textual reads the environment when it is imported
    from tui.graphics.output import seams as output
    from tui.paths import journal_path, sessions_root

    check_theme(arguments.theme)
    app = WarmerApp(
        make_renderer=partial(_renderer, options),
        terminal=terminal,
        options=options,
        arguments=arguments,
        sessions=sessions_root(),
        journal_path=journal_path(),
        opening=opening,
    )
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()  # what is imported by now is never freed: the collector need not visit it between two keys
    output.run(app)
    _print_results(app)
    return app.return_code or (ExitCode.UNWRITABLE if app.current.unsaved else ExitCode.OK)


def _print_results(app: WarmerApp) -> None:
    """Print what could not be saved, and the folders that hold pictures."""
    if app.current.unsaved:
        for sentence in dict.fromkeys([*app.saving_failures, app.current.unsaved]):
            print(f"warmer: {plain(sentence)}", file=sys.stderr)  # noqa: T201 (the screen is gone)
    for pictures in app.current.folders:
        if any(pictures.folder.glob("*.png")):
            print(pictures.folder)  # noqa: T201 (the result: where the pictures are)


def opening_at_start(options: Options, arguments: AppArguments) -> Opening | PreparedPhoto | PictureSource | None:
    """Return what the app begins with: a search, a photograph, or a picture whose model has to be asked for.

    Args:
        options: What the person asked for.
        arguments: What only the app is asked for.

    Returns:
        What to begin with; None for the start screen.

    Raises:
        EngineError: The model cannot be used, or a setting is out of range.
        LatentPngError: The picture cannot be read, or is none.
    """
    from engine.errors import UnknownModelError
    from engine.open import open_file, open_prompt
    from engine.target import target_for_prompt

    if arguments.file is not None:
        try:
            return open_file(options, options, arguments.file, arguments.prompt, _tell)
        except UnknownModelError:
            return PictureSource(path=arguments.file, prompt=arguments.prompt)  # the app asks which model continues it
    if arguments.prompt is not None:
        return open_prompt(options, arguments.prompt)
    target_for_prompt(replace(options, prompt_defaults=()), "")  # what the file says is checked on the start screen
    return None


def _tell(sentence: str) -> None:
    print(f"warmer: {plain(sentence)}", file=sys.stderr)  # noqa: T201 (the app has not begun)


def check_theme(theme: str) -> None:
    """Refuse a theme that the app does not have; "" is the usual one.

    Raises:
        InvalidRequestError: There is no such theme; the message lists them.
    """
    from textual.theme import BUILTIN_THEMES

    if theme and theme not in BUILTIN_THEMES:
        raise InvalidRequestError(
            f"the configuration file names the theme {theme!r}, which does not exist; the themes are "
            f"{', '.join(sorted(BUILTIN_THEMES))}"
        )


def _renderer(options: Options) -> Renderer:
    from engine.renderers import choice_of, renderer_for

    return renderer_for(choice_of(options))
