"""What the gallery is filled with: earlier searches first, because they are few, then pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from latentpng.text import plain
from tui.app.gallery.reading import read_contents
from tui.app.gallery.rows import MAX_WORDS, Contents, SessionRow
from tui.app.sources import GalleryPlaces


def fill_gallery(places: GalleryPlaces, report: Callable[[Contents], None], is_cancelled: Callable[[], bool]) -> None:
    """Find and read everything that the gallery shows; runs in a thread.

    Args:
        places: Where it lies.
        report: Called with what is known so far, as soon as there is something to show.
        is_cancelled: Asked now and then; when it returns True, the reading ends.
    """
    sessions = session_rows(places)
    report(Contents(sessions=sessions))
    read_contents(sessions, places.sessions, places.index_of_pictures, report, is_cancelled)


def session_rows(places: GalleryPlaces) -> tuple[SessionRow, ...]:
    """Return all searches that can be resumed, the one that was left last first."""
    from engine.search.sessions import saved_sessions

    rows = tuple(
        SessionRow(
            folder=session.folder,
            prompt=plain(session.prompt, MAX_WORDS).strip(),
            model=plain(session.model, 200).strip(),
            changed=session.changed,
            pictures=session.pictures,
            cover=session.cover,
            journal=session.journal,
        )
        for session in saved_sessions(places.sessions, places.index_of_sessions)
    )
    return tuple(replace(row, is_last=number == 0) for number, row in enumerate(rows))
