"""Parts of messages: the first line of an error of another library, and a shape in words."""

from __future__ import annotations

from pathlib import Path

_MAX_LENGTH = 300


def first_line(error: BaseException) -> str:
    """Return what an error says: one short line, without the home directory of the user."""
    lines = (str(error).strip() or type(error).__name__).splitlines()
    text = f"{lines[0]} {lines[1].strip()}" if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    return text.replace(str(Path.home()), "~")[:_MAX_LENGTH]


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape for a message: "4 x 16 x 16"."""
    return " x ".join(str(side) for side in shape)
