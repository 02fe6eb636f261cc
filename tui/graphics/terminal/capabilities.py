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

from tui.graphics.terminal import known, probe, tmux
from tui.graphics.terminal.known import Program, Version

Protocol: TypeAlias = Literal["kitty", "sixel", "octant", "sextant", "quadrant", "halfcell"]
PROTOCOLS: Final[tuple[Protocol, ...]] = get_args(Protocol)
CHOICES: Final = ("auto", *PROTOCOLS)

ANSWER_SECONDS: Final = 1.0
"""The timeout for the answers of the terminal."""

KEY_GRACE_SECONDS: Final = 0.3
"""How long after its start an app ignores digits: an answer that comes after the timeout arrives as keys."""

MAX_REGISTERS: Final = 256
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
        name: The program that answers questions, in lower case: "tmux" in tmux; "" when unknown.
        version: Of that program, as (0, 41, 2); () when unknown.
        outer: The terminal around tmux, as tmux knows it; "" outside of tmux and when unknown.
        outer_version: () when unknown.
        passthrough: tmux passes wrapped sequences on (`set -g allow-passthrough on`).
        registers: The colours of a sixel picture, at most 256.
        remote: It is at the other end of an SSH connection.
        answers_kitty: It answered that it knows kitty's graphics protocol.
        chosen: The protocol was asked for and not detected.
    """

    protocol: Protocol = "halfcell"
    cell_width: int = 10
    cell_height: int = 20
    truecolor: bool = True
    in_tmux: bool = False
    paced: bool = False
    name: str = ""
    version: Version = ()
    outer: str = ""
    outer_version: Version = ()
    passthrough: bool = False
    registers: int = MAX_REGISTERS
    remote: bool = False
    answers_kitty: bool = False
    chosen: bool = False

    @property
    def drawing(self) -> Program:
        """The program that draws the characters: the terminal around tmux, or the terminal itself."""
        if self.in_tmux:
            return Program(name=self.outer, version=self.outer_version)
        return Program(name=self.name, version=self.version)


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
        found = _terminal("halfcell", probe.Answers(), environment)
    elif environment.get("TMUX"):
        found = _in_tmux(tmux.ask(), environment)
    else:
        asked = environment.get("TERM") not in _NOT_ASKED
        found = _outside_tmux(probe.ask(ANSWER_SECONDS) if asked else probe.Answers(), environment)
    if choice == "auto":
        return found
    protocol = next(name for name in PROTOCOLS if name == choice)
    return replace(found, protocol=protocol, truecolor=found.truecolor or protocol == "kitty", chosen=True)


def set_truecolor(terminal: Terminal, environment: MutableMapping[str, str] = os.environ) -> None:
    """Tell Textual by an environment variable, before it is imported, that the terminal shows 16 million colours."""
    if terminal.truecolor and environment.get("COLORTERM") not in _TRUECOLOR_VALUES:
        environment["COLORTERM"] = "truecolor"


def _terminal(protocol: Protocol, answers: probe.Answers, environment: Mapping[str, str]) -> Terminal:
    cell = probe.cell_size() or answers.cell
    width, height = cell if all(cell) else (10, 20)
    return Terminal(
        protocol=protocol,
        cell_width=width,
        cell_height=height,
        truecolor=protocol == "kitty" or answers.truecolor or environment.get("COLORTERM") in _TRUECOLOR_VALUES,
        paced=answers.has_answered,
        registers=min(MAX_REGISTERS, answers.registers) if answers.registers >= 2 else MAX_REGISTERS,
        remote=bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY")),
        answers_kitty=answers.kitty,
    )


def _outside_tmux(answers: probe.Answers, environment: Mapping[str, str]) -> Terminal:
    """Return the terminal that gave these answers; one that has no placeholders may show sixels all the same."""
    term = environment.get("TERM", "")
    program = known.program(Program(name=answers.name, version=answers.version), environment, term)
    if program == Program(name="alacritty") and answers.firmware:  # it tells its version there and nowhere else
        program = replace(program, version=known.unpacked(answers.firmware))
    protocol: Protocol
    if answers.kitty and not environment.get("NO_COLOR") and known.has_placeholders(program):
        protocol = "kitty"
    else:
        protocol = "sixel" if answers.sixel else known.finest_blocks(program, term)
    return replace(_terminal(protocol, answers, environment), name=program.name, version=program.version)


def _in_tmux(client: tmux.Client, environment: Mapping[str, str]) -> Terminal:
    """Return the terminal by what tmux says about the terminal around it, since tmux answers questions for itself."""
    program = known.program(client.program, {}, client.name)
    protocol: Protocol
    if client.passthrough and not environment.get("NO_COLOR") and known.has_placeholders(program):
        protocol = "kitty"
    else:
        protocol = "sixel" if client.sixel else known.finest_blocks(program, client.name or "tmux")
    answers = probe.Answers(has_answered=True, cell=client.cell, truecolor=client.truecolor)
    return replace(
        _terminal(protocol, answers, environment),
        in_tmux=True,
        name="tmux",
        version=client.version,
        outer=program.name,
        outer_version=program.version,
        passthrough=client.passthrough,
    )
