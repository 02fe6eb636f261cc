"""The commands of the command palette: the keys of a screen, by their names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.app import App, SystemCommand
from textual.screen import Screen

_KEYS_ONLY = ("move", "pick", "go(")
"""Actions that make no sense away from their keys: the cursor, and the digits."""


def commands_of(app: App[Any], screen: Screen[object]) -> Iterator[SystemCommand]:
    """Yield a command for each key that a screen describes."""
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.description and not binding.system and not binding.action.startswith(_KEYS_ONLY):
            run = partial(app.run_action, binding.action, active.node)
            yield SystemCommand(f"{binding.description} ({binding.key_display or binding.key})", "", run)
