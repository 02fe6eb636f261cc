"""Where the results of a command go: paths or JSON on stdout, sentences on stderr, pictures into files."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InvalidRequestError
from engine.rendering.events import PhotoInverted, PictureRendered
from latentpng import streams
from latentpng.errors import UnwritableFileError
from latentpng.png.files import write_picture
from latentpng.record import Json
from latentpng.text import plain


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """The results of a command, on stdout.

    When nobody reads them any more, rendering goes on: the pictures matter, not their list.

    Attributes:
        json_lines: Print a JSON object per picture, instead of its path alone.
    """

    json_lines: bool

    def picture(self, path: Path, event: PictureRendered | PhotoInverted, **more: Json) -> None:
        """Print one picture that is finished and saved.

        Args:
            path: Its file.
            event: What was rendered.
            more: Further entries of the JSON object.
        """
        if not self.json_lines:
            _print(str(path))
            return
        record = event.record
        self.entries(
            {
                "path": str(path),
                "node": record.node,
                "pixels": record.pixels,
                "rounds": len(record.lineage.rounds),
                "warning": event.warning,
                **more,
            }
        )

    def line(self, line: str) -> None:
        """Print a line for a person; it may contain text from a file."""
        _print(plain(line))

    def entries(self, entries: Mapping[str, Json]) -> None:
        """Print a JSON object on a line of its own."""
        _print(json.dumps(dict(entries), sort_keys=True))


def say(text: str) -> None:
    """Print a line for a person on stderr; it may contain text from a file."""
    print(plain(text), file=sys.stderr, flush=True)  # noqa: T201 (stdout is for results)


def teller(quiet: bool) -> Callable[[str], None]:
    """Return what tells a person that something takes long: `say`, or nothing."""
    return (lambda _: None) if quiet else say


def save(path: Path, event: PictureRendered | PhotoInverted) -> None:
    """Write one picture, whole or not at all, and create its folder.

    Raises:
        UnwritableFileError: The file or its folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableFileError(f"{path}: its folder cannot be created: {error.strerror or error}") from error
    write_picture(path, event.picture.width, event.picture.height, event.picture.rgb, event.record)
    if event.warning:
        say(f"{path}: {event.warning}")


def refuse_overwriting(paths: list[Path], force: bool) -> None:
    """Check that no file would be replaced, before any work is done.

    Raises:
        InvalidRequestError: A file exists, and `force` is not set.
    """
    existing = [path for path in paths if os.path.lexists(path)]
    if existing and not force:
        raise InvalidRequestError(f"{existing[0]}: this file exists already; choose another --out, or add --force")


def _print(line: str) -> None:
    try:
        print(line, flush=True)  # noqa: T201 (stdout is for results)
    except (BrokenPipeError, streams.OutputError):
        streams.discard_output()
