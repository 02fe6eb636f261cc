"""Which terminal can draw what, by its name and version: two things that no terminal can be asked.

Placeholders: many terminals answer that they know kitty's graphics protocol and lack its Unicode placeholders, which
they show as boxes or as nothing (WezTerm, Konsole, iTerm2, Warp; Zellij answers "ENOTSUPPORTED" to them).  So a name
that is not in the table has none.

Block characters: every font has quadrants.  Sextants (Unicode 13) and octants (Unicode 16) are in few fonts, but some
terminals draw them themselves, from lines, without any font.

Sources: the release notes and issue trackers of the terminals, as of 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Version: TypeAlias = tuple[int, ...]
Blocks: TypeAlias = Literal["octant", "sextant", "quadrant", "halfcell"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """A terminal program.

    Attributes:
        name: In lower case, as the program itself answers it; "" when unknown.
        version: Its parts; () when unknown.
    """

    name: str = ""
    version: Version = ()


UNKNOWN: Final = Program()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Since:
    """The first version that has something, and whether a terminal that does not say its version is taken for it."""

    version: Version
    unversioned: bool = False


_PLACEHOLDERS: Final[Mapping[str, _Since]] = {
    "kitty": _Since(version=(0, 28), unversioned=True),
    "ghostty": _Since(version=(1,), unversioned=True),
    "rio": _Since(version=(0, 5, 27)),
}
_SEXTANTS: Final[Mapping[str, _Since]] = {
    "alacritty": _Since(version=(0, 14)),
    "contour": _Since(version=(0, 3), unversioned=True),
    "foot": _Since(version=(1, 10), unversioned=True),
    "ghostty": _Since(version=(1,), unversioned=True),
    "kitty": _Since(version=(0, 20), unversioned=True),
    "vte": _Since(version=(0, 64)),
    "wezterm": _Since(version=(20210814,), unversioned=True),
}
_OCTANTS: Final[Mapping[str, _Since]] = {
    "foot": _Since(version=(1, 20)),
    "ghostty": _Since(version=(1, 2)),
    "kitty": _Since(version=(0, 40)),
    "vte": _Since(version=(0, 78)),
}
# What a terminal is called in TERM, TERM_PROGRAM or an answer, where that is not its name.
_OTHER_NAMES: Final[Mapping[str, str]] = {
    "apple_terminal": "apple-terminal",
    "iterm.app": "iterm2",
    "iterm": "iterm2",
    "warpterminal": "warp",
}
_TERM: Final = re.compile(r"^(?:xterm-)?(alacritty|contour|foot|ghostty|kitty|konsole|mlterm|rio|wezterm|zellij)\b")
_VTE_PACKED: Final = 1000
_LEGACY_CONSOLES: Final = ("linux", "dumb", "")
"""Values of TERM of consoles whose fonts may hold half blocks and nothing finer."""


def program(answered: Program, environment: Mapping[str, str], term: str = "") -> Program:
    """Return which program the terminal is, from what it answered, else from the environment variables.

    Args:
        answered: What the terminal itself said; its name is "" when it said nothing.
        environment: The environment variables; without those that tmux sets or inherits, when the program runs in it.
        term: The value of TERM that this terminal has.
    """
    if answered.name:
        return _normal(answered)
    if name := environment.get("TERM_PROGRAM", "").lower():
        return _normal(Program(name=name, version=version_of(environment.get("TERM_PROGRAM_VERSION", ""))))
    if vte := environment.get("VTE_VERSION", ""):
        return _normal(Program(name="vte", version=version_of(vte)))
    found = _TERM.match(term)
    return Program(name=found[1] if found else "")


def version_of(text: str) -> Version:
    """Return the first figures of a text, as "0.41.2" in "kitty(0.41.2)"; () when it has none."""
    found = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in found[0].split(".")[:4]) if found else ()


def unpacked(version: int) -> Version:
    """Return the parts of a version that VTE and Alacritty give as one figure: 7802 is 0.78.2."""
    return version // 10_000, version // 100 % 100, version % 100


def has_placeholders(terminal: Program) -> bool:
    """Return whether a terminal shows pictures by the Unicode placeholders of kitty's graphics protocol."""
    return _has(_PLACEHOLDERS, terminal)


def finest_blocks(terminal: Program, term: str) -> Blocks:
    """Return the finest block characters that a terminal certainly shows without gaps.

    Args:
        terminal: The terminal.
        term: The value of its TERM.
    """
    if _has(_OCTANTS, terminal):
        return "octant"
    if _has(_SEXTANTS, terminal):
        return "sextant"
    return "halfcell" if term in _LEGACY_CONSOLES else "quadrant"


def _normal(found: Program) -> Program:
    name = _OTHER_NAMES.get(found.name, found.name)
    version = found.version
    if name == "vte" and len(version) == 1 and version[0] >= _VTE_PACKED:
        version = unpacked(version[0])
    return Program(name=name, version=version)


def _has(table: Mapping[str, _Since], terminal: Program) -> bool:
    since = table.get(terminal.name)
    if since is None:
        return False
    return terminal.version >= since.version if terminal.version else since.unversioned
