"""The words of the gallery's lines: pure functions from values to plain text."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from latentpng.text import plain
from tui.app.gallery.rows import Contents, ExampleRow, PictureRow, Row, SessionRow
from tui.app.model_load import ModelLoad

_DAYS_BY_NAME = 6


def day_words(changed: float, now: datetime) -> str:
    """Return a date as people say it: "today 14:05", "yesterday 9:30", "Monday 9:30", "2025-03-01".

    Args:
        changed: Seconds since 1970.
        now: The present, in local time.
    """
    try:
        then = datetime.fromtimestamp(changed)
    except (OverflowError, OSError, ValueError):  # a file may claim any time
        return "no date"
    days = (now.date() - then.date()) // timedelta(days=1)
    time = f"{then.hour}:{then.minute:02}"
    if days == 0:
        return f"today {time}"
    if days == 1:
        return f"yesterday {time}"
    return f"{then:%A} {time}" if 1 < days <= _DAYS_BY_NAME else f"{then:%Y-%m-%d}"


def title_of(row: Row) -> str:
    """Return what a row is: its prompt, else its name."""
    match row:
        case SessionRow():
            return row.prompt or plain(row.folder.name)
        case PictureRow():
            return row.prompt or plain(Path(row.path).name)
        case ExampleRow():
            return plain(row.prompt)


def details_of(row: Row, now: datetime) -> str:
    """Return the second line of a row: what kind it is, when, how much, which model."""
    match row:
        case SessionRow():
            kind = "last search" if row.is_last else "search"
            count = f"{row.pictures:,} picture{'s' * (row.pictures != 1)}"
            return " · ".join(filter(None, (kind, day_words(row.changed, now), count, row.model)))
        case PictureRow():
            return " · ".join(filter(None, ("picture", day_words(row.changed / 1e9, now), row.model)))
        case ExampleRow():
            return "example"


def preview_words(row: Row) -> str:
    """Return what stands under the large picture of a row: all of its prompt, and where it lies on the disk."""
    match row:
        case SessionRow():
            return f"{title_of(row)}\nin {plain(row.folder.name)}"
        case PictureRow():
            path = Path(row.path)
            return f"{title_of(row)}\n{plain(path.name)} in {plain(path.parent.name)}"
        case ExampleRow():
            return title_of(row)


def count_words(contents: Contents, shown: int, typed: str, folder: Path | None) -> str:
    """Return the line above the list: how much there is, or how much of it fits.

    Args:
        contents: What is known.
        shown: The number of rows that are listed.
        typed: What was typed.
        folder: As for `rows_for`.
    """
    reading = f", {contents.unread:,} still to be read" if contents.unread else ""
    if folder is not None:
        return f"{shown:,} picture{'s' * (shown != 1)} of {plain(folder.name, 60)}{reading}"
    if not contents.is_listed:
        return "looking for earlier searches"
    if not contents.sessions and not contents.pictures:
        return "nothing was saved yet" if typed.strip() else "nothing was saved yet; try an example"
    if typed.strip():
        of = len(contents.sessions) + len(contents.pictures)
        return f"{shown:,} of {of:,} searches and pictures match{'es' * (shown == 1)}{reading}"
    searches, pictures = len(contents.sessions), len(contents.pictures)
    counts = (
        f"{searches:,} search{'es' * (searches != 1)}" if searches else "",
        f"{pictures:,} picture{'s' * (pictures != 1)}" if pictures else "",
    )
    return f"{' and '.join(filter(None, counts))}{reading}"


def hint(row: Row | None, typed: str, folder: Path | None, *, in_list: bool, can_resume: bool) -> str:
    """Return what the keys do now.

    Args:
        row: The row under the cursor; None when nothing is listed.
        typed: What stands in the line for the prompt.
        folder: As for `rows_for`.
        in_list: Whether the list has the focus, else the line.
        can_resume: Whether there is a last search.
    """
    if not in_list:
        if typed.strip():
            found = "; ↓ goes to what matches" if row is not None else ""
            return f"Enter starts a new search with this prompt{found}"
        return "Enter resumes the last search; type to start a new one, or to filter" if can_resume else ""
    match row:
        case SessionRow():
            return "Enter resumes this search where it was left; → shows its pictures"
        case PictureRow():
            back = "; ← goes back to all" if folder is not None else ""
            return f"Enter goes on from this picture{back}"
        case ExampleRow():
            return "Enter starts a new search with this prompt"
        case None:
            return ""


def model_words(load: ModelLoad) -> str:
    """Return the model of new prompts and its state."""
    if load.request is None:
        return load.failure or "looking for the model"
    name = f"the model '{plain(load.request.model.name, 60)}'"
    if load.ready is not None:
        return f"{name} is ready on {load.ready.device}"
    if load.failure:
        return f"{name} is not loaded; choose another one with Ctrl+L"
    return f"{name} is loading: {load.words}"
