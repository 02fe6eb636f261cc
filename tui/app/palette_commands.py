"""The commands of the command palette: our own keys that work on a screen, each with what it does.

Textual adds commands for its own editing, key help and screenshots; they are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from textual.app import App, SystemCommand
from textual.binding import ActiveBinding, Binding
from textual.screen import Screen

from tui.app.screens.search_keys import FINE
from tui.app.zoom import STEP


class Words(NamedTuple):
    """The name of a command, and what it does as a sentence."""

    name: str
    does: str


COMMANDS: Mapping[str, Words] = MappingProxyType(
    {
        "alone": Words("Single candidate", "Take it instead of a parent that is a blend or was picked by region."),
        "app.choose_model": Words("Choose a model", "List the models of this machine; new prompts use the chosen one."),
        "app.edit": Words("Edit the settings", "Keep the noise and change prompt, steps, size, LoRA files or model."),
        "app.gallery": Words("Gallery", "Leave this search for the start screen; what was picked is saved."),
        "app.help": Words("Help", "Show all keys of this screen and what they do."),
        "app.open": Words("Open a picture", "Continue from a PNG, or start from a photograph."),
        "app.quit": Words("Quit", "Leave warmer; everything that was picked is saved."),
        "app.start": Words("New prompt", "Ask for the prompt of a new search; this one stays until you press Enter."),
        "apply": Words("Apply", "Render the same noise with what differs."),
        "axis": Words("Vary noise or prompt", "Vary the noise, the prompt, or both."),
        "back": Words("Back one region", "Take back the last answer of a pick by region."),
        "bands": Words(
            "Vary layout or detail", "Vary everything, the layout more, only the layout, or only the detail."
        ),
        "cancel": Words("Back", "Close this screen."),
        "choose": Words("Pick", "Pick the selected picture, or blend the marked ones."),
        "choose('fit')": Words("Fit of the photograph", "Choose how the photograph is cut to the picture's shape."),
        "choose('keep')": Words("What of the photograph stays", "Keep all of it, its layout, or its detail."),
        "choose('way')": Words("Way to the noise", "Repeat the photograph exactly, or from noise nearer to a seed's."),
        "close": Words("Back", "Close this screen."),
        "compare": Words("Compare", "Flip between the candidate and the parent in place."),
        "copy_command": Words("Copy the command line", "Copy the command that renders this picture again."),
        "copy_path": Words("Copy the path", "Copy the path of this picture's file, over SSH too."),
        "difference": Words("Difference", "Show where the candidate differs from the parent."),
        "drafts": Words("Drafts", "Show candidates with fewer steps; what you pick is finished in full."),
        "files": Words("Other files", "List the other pictures in the folder too, or leave them out."),
        "export": Words("Export the way here", "Make an animation or a contact sheet of the way to this picture."),
        "go_by(-1)": Words("Previous picture", "Show the picture before this one."),
        "go_by(1)": Words("Next picture", "Show the picture after this one."),
        "history": Words("History", "Show all pictures of the search, and go on from any of them."),
        "HistoryScreen.choose": Words("Go on from here", "Make the selected picture the parent."),
        "info": Words("Info", "Show model, seed, settings and file of this picture."),
        "invert": Words("Begin", "Find the noise of the photograph and begin to vary it."),
        "mark": Words("Mark", "Mark a candidate; up to three are blended with Enter."),
        "NewPromptScreen.start": Words("New search", "Leave the search, and begin a new one with this prompt."),
        "none_better": Words("None is better", "Keep the parent and halve the scale."),
        "pixels": Words("Pixel for pixel", "Show a pixel of the picture on each pixel of the screen."),
        "quit": Words("Quit", "Leave warmer; everything that was picked is saved."),
        "redo": Words("Redo", "Take the step again that was undone last."),
        "region": Words("Vary a part of the picture", "Draw a box: only its noise moves, or only that outside."),
        "RegionScreen.clear": Words("Whole picture", "Vary the whole picture."),
        "RegionScreen.grow(-1)": Words("Smaller", "Make the box smaller."),
        "RegionScreen.grow(1)": Words("Larger", "Make the box larger."),
        "RegionScreen.invert": Words("Inside or outside", "Vary what lies inside the frame, or what lies outside."),
        "RegionScreen.take": Words("Take it", "Show the same candidates, confined to this part."),
        "reroll": Words("Reroll", "Draw other candidates at the same scale."),
        f"rescale({1 / FINE!r})": Words("A little nearer", "Show the same candidates, a fifth less different."),
        f"rescale({FINE!r})": Words("A little farther", "Show the same candidates, a quarter more different."),
        "rescale(0.5)": Words("Nearer", "Show the same candidates, half as different from the parent."),
        "rescale(2.0)": Words("Farther", "Show the same candidates, twice as different from the parent."),
        "save": Words("Save a copy", "Save the selected picture under another name."),
        "save_again": Words("Save again", "Try again to save what could not be saved, on a full disk for example."),
        "second": Words("Second candidate", "Blend one more candidate into the region that was answered last."),
        "split": Words("Pick by region", "Say for each half, or each quarter, which candidate is best there."),
        "star": Words("Star", "Keep this picture without making it the parent."),
        "starred": Words("Only starred", "List the starred pictures alone, or all of them."),
        "undo": Words("Undo", "Go one step back."),
        "view": Words("View", "Show the selected picture in full size."),
        "ViewerScreen.pick": Words("Pick", "Pick this picture."),
        "everywhere": Words("Vary the whole picture", "Vary the whole picture again, not only a part."),
        "whole": Words("Whole pictures", "Leave the pick by region; its answers are dropped."),
        f"zoom({1 / STEP})": Words("Reduce", "Show more of the picture, smaller."),
        f"zoom({STEP})": Words("Enlarge", "Show a part of the picture, larger."),
    }
)
"""By action: with its arguments, or with the class of its screen, where they matter."""

THEME = Words("Theme", "Choose other colours; they stay for the next start.")


def commands_of(app: App[Any], screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Yield our commands that work on a screen now, and the one that chooses a theme."""
    seen: set[str] = set()
    for active in sorted(screen.active_bindings.values(), key=lambda active: isinstance(active.node, App)):
        words = words_of(active.binding, active.node)
        if words is not None and active.enabled and words.name not in seen:
            seen.add(words.name)
            run = partial(_run, app, active)
            yield SystemCommand(f"{words.name} ({_key(app, active.binding)})", words.does, run)
    yield SystemCommand(THEME.name, THEME.does, app.action_change_theme)


async def _run(app: App[Any], active: ActiveBinding) -> None:
    """Do what a key does, unless its screen was left while the palette was open."""
    if isinstance(active.node, App) or active.node in app.screen_stack:
        await app.run_action(active.binding.action, active.node)


def words_of(binding: Binding, node: object) -> Words | None:
    """Return the words of a key.

    Args:
        binding: The key.
        node: What it belongs to.

    Returns:
        The words; None for what is no command of a screen or of the app, or makes no sense away from its key.
    """
    if not isinstance(node, Screen | App) or not binding.description:
        return None
    action = binding.action
    names = (f"{type(node).__name__}.{action}", action)
    return next((COMMANDS[name] for name in names if name in COMMANDS), None)


def _key(app: App[Any], binding: Binding) -> str:
    """Return a key as the help writes it: "n", "F1", "Ctrl+O"."""
    shown = app.get_key_display(binding)
    if binding.key.startswith("ctrl+"):
        return f"Ctrl+{binding.key[5:].upper()}"
    return shown.capitalize() if len(shown) > 1 and shown.isalnum() else shown
