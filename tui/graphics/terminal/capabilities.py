"""What the terminal can do: asked once, before Textual is imported.

    terminal = detect("auto")      # in the command, before the app is imported
    set_truecolor(terminal)        # SSH does not forward COLORTERM; kitty's pictures and half-cells need it
    App(Graphics(terminal)).run()

Nothing happens at import, and nothing here imports Textual.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args

from tui.graphics.terminal import probe, tmux

Protocol: TypeAlias = Literal["kitty", "sixel", "halfcell"]
PROTOCOLS: Final[tuple[Protocol, ...]] = get_args(Protocol)
CHOICES: Final = ("auto", *PROTOCOLS)

ANSWER_SECONDS: Final = 1.0
"""The timeout for the answers of the terminal."""

KEY_GRACE_SECONDS: Final = 0.3
"""How long after its start an app ignores digits: an answer that comes after the timeout arrives as keys."""

_KITTY_NAMES: Final = ("kitty", "ghostty")
_FIRST_KITTY_WITH_PLACEHOLDERS: Final = (0, 28)
_TRUECOLOR_VALUES: Final = ("truecolor", "24bit")
_NOT_ASKED: Final = ("linux", "dumb", "", None)  # values of TERM; a console prints questions that it does not know


@dataclass(frozen=True, kw_only=True, slots=True)
class Terminal:
    """What a terminal can do.

    Attributes:
        protocol: How pictures are drawn.
        cell_width: Of a character, in pixels.
        cell_height: Of a character, in pixels.
        truecolor: It shows 16 million colours.
        in_tmux: It is tmux, so kitty's sequences have to be wrapped.
        paced: It answers `CSI 6n`, which tells when it has drawn a picture.
    """

    protocol: Protocol = "halfcell"
    cell_width: int = 10
    cell_height: int = 20
    truecolor: bool = True
    in_tmux: bool = False
    paced: bool = False


def detect(choice: str = "auto", environment: Mapping[str, str] = os.environ) -> Terminal:
    """Ask the terminal what it can do; takes up to ANSWER_SECONDS.

    Args:
        choice: One of CHOICES: "auto", or the protocol to use whatever the terminal answers.
        environment: The environment variables.

    Raises:
        ValueError: `choice` is none of CHOICES.
    """
    if choice not in CHOICES:
        raise ValueError(f"graphics: one of {', '.join(CHOICES)} needed, found {choice!r}")
    if not probe.on_terminal():
        return _terminal("halfcell" if choice == "auto" else choice, probe.Answers(), environment)
    if environment.get("TMUX"):
        client = tmux.ask()
        found = _in_tmux(client, environment) if choice == "auto" else choice
        answers = probe.Answers(has_answered=True, cell=client.cell, truecolor=client.truecolor)
        return replace(_terminal(found, answers, environment), in_tmux=True)
    answers = probe.Answers() if environment.get("TERM") in _NOT_ASKED else probe.ask(ANSWER_SECONDS)
    found = _outside_tmux(answers, environment) if choice == "auto" else choice
    return _terminal(found, answers, environment)


def set_truecolor(terminal: Terminal, environment: MutableMapping[str, str] = os.environ) -> None:
    """Tell Textual by an environment variable, before it is imported, that the terminal shows 16 million colours."""
    if terminal.truecolor and environment.get("COLORTERM") not in _TRUECOLOR_VALUES:
        environment["COLORTERM"] = "truecolor"


def _terminal(protocol: str, answers: probe.Answers, environment: Mapping[str, str]) -> Terminal:
    cell = probe.cell_size() or answers.cell
    width, height = cell if all(cell) else (10, 20)
    return Terminal(
        protocol=next(name for name in PROTOCOLS if name == protocol),
        cell_width=width,
        cell_height=height,
        truecolor=protocol == "kitty" or answers.truecolor or environment.get("COLORTERM") in _TRUECOLOR_VALUES,
        paced=answers.has_answered,
    )


def _outside_tmux(answers: probe.Answers, environment: Mapping[str, str]) -> Protocol:
    """Choose the protocol from the answers.

    WezTerm and Konsole know kitty's protocol but not its placeholders; they show sixels, which kitty does not.
    """
    if answers.kitty and not environment.get("NO_COLOR") and _has_placeholders(answers):
        return "kitty"
    return "sixel" if answers.sixel else "halfcell"


def _has_placeholders(answers: probe.Answers) -> bool:
    if answers.name == "kitty" and answers.version:
        return answers.version >= _FIRST_KITTY_WITH_PLACEHOLDERS
    return answers.name in _KITTY_NAMES or not answers.sixel


def _in_tmux(client: tmux.Client, environment: Mapping[str, str]) -> Protocol:
    """Choose the protocol from what tmux says about the terminal around it, since tmux answers questions for itself."""
    if client.passthrough and not environment.get("NO_COLOR") and any(n in client.name for n in _KITTY_NAMES):
        return "kitty"
    return "sixel" if client.sixel else "halfcell"
