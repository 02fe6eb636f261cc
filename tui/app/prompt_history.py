"""The prompts that were used, newest first: a small JSON file in the state folder.  Losing it loses nothing else."""

from __future__ import annotations

import contextlib
from pathlib import Path

from engine.paths import is_there

FILE = "prompts.json"
MAX_PROMPTS = 200
MAX_CHARACTERS = 20_000
"""Characters of a prompt that is kept; a longer one is left out, because half a prompt would be a different one."""


def read_prompts(path: Path) -> tuple[str, ...]:
    """Return the prompts that were used, newest first.

    Args:
        path: The file; one that is missing or damaged holds no prompts.
    """
    if not is_there(path):
        return ()
    from engine.models.json_files import read_state  # not before there is a file: the first paint waits for this

    entries = read_state(path)
    texts = entries if isinstance(entries, list) else []
    return _bounded(tuple(text for text in texts if isinstance(text, str)))


def remember_prompt(path: Path, prompt: str) -> None:
    """Put a prompt first; if it was used before, it is not listed twice.

    A file that cannot be written is ignored: nothing depends on it.

    Args:
        path: The file.
        prompt: The prompt; an empty one is not kept.
    """
    from engine.models.json_files import write_state
    from latentpng.errors import FileError

    before = read_prompts(path)
    after = _bounded((prompt.strip(), *before))
    if after != before:
        with contextlib.suppress(OSError, FileError):
            write_state(path, list(after))


def _bounded(prompts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the prompts that may be kept, each once."""
    kept = dict.fromkeys(prompt for prompt in prompts if prompt.strip() and len(prompt) <= MAX_CHARACTERS)
    return tuple(kept)[:MAX_PROMPTS]
