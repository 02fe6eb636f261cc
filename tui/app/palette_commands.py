"""The commands of the command palette: our own keys that work on a screen, each with what it does.

Textual adds commands for its own editing, key help and screenshots; they are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from textual.app import App, SystemCommand
from textual.binding import ActiveBinding
from textual.screen import Screen


class Words(NamedTuple):
    """The name of a command, and what it does as a sentence."""

    name: str
    does: str


COMMANDS: Mapping[str, Words] = MappingProxyType(
    {
        "app.choose_model": Words("Choose a model", "List the models of this machine; new prompts use the chosen one."),
        "app.edit": Words("Edit the settings", "Keep the noise and change prompt, steps, size, LoRA files or model."),
        "app.help": Words("Help", "Show all keys of this screen and what they do."),
        "app.open": Words("Open a picture", "Continue from a PNG, or start from a photograph."),
        "app.quit": Words("Quit", "Leave warmer; everything that was picked is saved."),
        "app.start": Words("New prompt", "Leave this search for a new prompt; everything that was picked is saved."),
        "apply": Words("Apply", "Render the same noise with what differs."),
        "axis": Words("Vary noise or prompt", "Vary the noise, the prompt, or both."),
        "bands": Words(
            "Vary layout or detail", "Vary everything, the layout more, only the layout, or only the detail."
        ),
        "cancel": Words("Back", "Close this screen."),
        "choose": Words("Pick", "Pick the selected picture, or blend the marked ones."),
        "choose('fit')": Words("Fit of the photograph", "Choose how the photograph is cut to the picture's shape."),
        "choose('keep')": Words("What of the photograph stays", "Keep all of it, its layout, or its detail."),
        "choose('way')": Words("Way to the noise", "Repeat the photograph exactly, or from noise nearer to a seed's."),
        "compare": Words("Compare", "Flip between the candidate and the parent in place."),
        "copy_command": Words("Copy the command line", "Copy the command that renders this picture again."),
        "copy_path": Words("Copy the path", "Copy the path of this picture's file, over SSH too."),
        "difference": Words("Difference", "Show where the candidate differs from the parent."),
        "export": Words("Export the way here", "Make an animation or a contact sheet of the way to this picture."),
        "history": Words("History", "Show all pictures of the search, and go on from any of them."),
        "info": Words("Info", "Show model, seed, settings and file of this picture."),
        "invert": Words("Begin", "Find the noise of the photograph and begin to vary it."),
        "mark": Words("Mark", "Mark a candidate; up to three are blended with Enter."),
        "none_better": Words("None is better", "Keep the parent and halve the scale."),
        "redo": Words("Redo", "Take the step again that was undone last."),
        "reroll": Words("Reroll", "Draw other candidates at the same scale."),
        "rescale(0.5)": Words("Nearer", "Show the same candidates with half the scale."),
        "rescale(2.0)": Words("Farther", "Show the same candidates with twice the scale."),
        "save": Words("Save a copy", "Save the selected picture under another name."),
        "star": Words("Star", "Keep this picture without making it the parent."),
        "undo": Words("Undo", "Go one step back."),
        "view": Words("View", "Show the selected picture in full size."),
    }
)
"""By action, with its arguments where they matter."""

THEME = Words("Theme", "Choose other colours; they stay for the next start.")
_KEYS_ONLY = ("move", "pick", "go(", "app.focus", "turn", "scroll", "screen.")
"""Actions that make no sense away from their keys: the cursor, the digits, the focus."""


def commands_of(app: App[Any], screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Yield our commands that work on a screen now, and the one that chooses a theme."""
    seen: set[str] = set()
    for active in screen.active_bindings.values():
        action = active.binding.action
        words = _words(active)
        if words is not None and active.enabled and action not in seen:
            seen.add(action)
            run = partial(app.run_action, action, active.node)
            yield SystemCommand(f"{words.name} ({app.get_key_display(active.binding)})", words.does, run)
    yield SystemCommand(THEME.name, THEME.does, app.action_change_theme)


def _words(active: ActiveBinding) -> Words | None:
    """Return the words of a key; None when it is no command of ours."""
    binding = active.binding
    if binding.action.startswith(_KEYS_ONLY) or not type(active.node).__module__.startswith("tui."):
        return None
    name = binding.action.partition("(")[0]
    known = COMMANDS.get(binding.action) or COMMANDS.get(name)
    if known is not None:
        return known
    if binding.system or not binding.description or not isinstance(active.node, Screen):
        return None
    return Words(binding.description[0].upper() + binding.description[1:], binding.tooltip)
