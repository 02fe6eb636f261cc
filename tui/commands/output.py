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
from latentpng.png.abandoned import recover, recovered_words
from latentpng.png.atomic import similar_names
from latentpng.png.disk import make_folder
from latentpng.png.files import write_new_picture, write_picture
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


def save(path: Path, event: PictureRendered | PhotoInverted, *, force: bool) -> Path:
    """Write one picture, whole or not at all, and create its folder.

    Args:
        path: The file.
        event: What was rendered.
        force: Replace a file that exists.

    Returns:
        The file; a similar name if something took the name while the picture was rendered, and `force` is false.

    Raises:
        UnwritableFileError: The file or its folder cannot be written.
    """
    try:
        make_folder(path.parent)
    except OSError as error:
        raise UnwritableFileError(f"{path}: its folder cannot be created: {error.strerror or error}") from error
    tell_recovered(path.parent)
    picture = event.picture.width, event.picture.height, event.picture.rgb, event.record
    if force:
        write_picture(path, *picture)
        saved = path
    else:
        saved = write_new_picture(similar_names(path), *picture)
    if saved != path:
        say(f"{path}: this file appeared meanwhile and stays as it is; the picture is saved as {saved}")
    if event.warning:
        say(f"{saved}: {event.warning}")
    return saved


def tell_recovered(folder: Path) -> None:
    """Give pictures that ended programs left in a folder their names, and say so, once."""
    if recovered := recover(folder):
        say(recovered_words(recovered))


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
