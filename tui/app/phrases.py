"""The words of the status line and the captions: pure functions from values to plain text."""

from __future__ import annotations

from dataclasses import dataclass

from engine.invert import PreparedPhoto
from engine.records import Photograph
from engine.search.axis import Axis
from engine.search.bands import Bands
from engine.search.progress import Progress
from engine.search.room import no_room
from engine.search.running import Search
from engine.search.session import Session, can_undo
from latentpng.text import plain
from tui.app.model_load import ModelLoad
from tui.app.photo_state import PhotoState
from tui.app.region_words import moving_words, place_words

BANDS = {
    Bands.ALL: "everything varies",
    Bands.TILT: "the layout varies most",
    Bands.LAYOUT: "only the layout varies",
    Bands.DETAIL: "only the detail varies",
    Bands.CUSTOM: "bands from the file",
}
READY = ("ready", "»")
"""What stands under a picture when the grid that it leads to is there, in words and in a sign."""
STOPS_LOAD = "Esc stops it"
SECONDS_UNTIL_STOPPABLE = 15
"""Seconds of one stage of loading until the person is told which key stops it."""
PARENT_READY = ("· n is ready", "»")
"""The same under the parent in its pane, which has no key of its own: it leads where none is better."""
DRAFT = ("draft", "~")
"""What stands under a picture that is a draft, in words and in a sign."""
ONLY_PROMPT = "only the prompt varies, and it has no regions; press a to vary the noise"


def percent(part: float) -> str:
    """Return a part from 0 to 1 in percent, with a decimal just below 1, where it would be rounded to 100%."""
    return f"{100 * part:.1f}%" if 0.985 < part < 1.0 else f"{100 * part:.0f}%"


def variation_words(session: Session) -> str:
    """Return what varies: bands of the noise, in which part of the picture, the prompt, or both."""
    if session.axis is Axis.PROMPT:
        return "only the prompt varies"
    words = BANDS[session.bands]
    if session.region:
        is_all = session.bands is Bands.ALL
        words = moving_words(session.region) if is_all else f"{words}, {place_words(session.region)}"
    return words + (", and the prompt" if session.axis is Axis.BOTH else "")


def load_words(load: ModelLoad) -> str:
    """Return what becomes of the model; "" when it is ready."""
    if load.failure:
        return f"{load.failure}; press r to try again, or o to open another picture"
    return "" if load.ready is not None else load.words or "starting the renderer"


def stoppable_load_words(load: ModelLoad) -> str:
    """Return `load_words`, with the key that stops a stage that takes long."""
    stops = f"; {STOPS_LOAD}" if load.is_running and load.seconds >= SECONDS_UNTIL_STOPPABLE else ""
    return f"{load_words(load)}{stops}"


def notice_of_load(notice: str, before: ModelLoad, after: ModelLoad) -> str:
    """Return the sentence on the status line after news of the loading.

    Seconds that pass replace only the words about the loading itself: another sentence stays until it was read.

    Args:
        notice: The sentence that stands there.
        before: How far the loading was.
        after: How far it is.
    """
    stays = after.is_later(before) and notice != stoppable_load_words(before)
    return notice if stays else stoppable_load_words(after)


def duration(seconds: float) -> str:
    """Return a time as people say it: "1 s" at least, minutes from 90 s on."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def progress_words(progress: Progress, seconds_left: float | None, choice: str = "") -> str:
    """Return steps done and seconds left; "" when nothing is running.

    Args:
        progress: How far the work is.
        seconds_left: Until the grid is finished, None when that is not known.
        choice: What is being chosen, in place of the part that is done, which is not that of the grid; "" for nothing.
    """
    if not progress.running:
        return ""
    if not progress.steps:
        return choice or "rendering"
    left = "" if seconds_left is None else f", about {duration(seconds_left)} left"
    if choice:
        return f"{choice}: step {progress.step}/{progress.steps}{left}"
    return f"step {progress.step}/{progress.steps}, {percent(progress.fraction)} of the grid{left}"


def invitation(session: Session, marked: int, columns: int = 80) -> str:
    """Return what to do next, when nothing is running.

    Args:
        session: Where the search stands.
        marked: The number of marked candidates.
        columns: Of the status line; a narrow one names fewer keys.
    """
    if marked > 1:
        return f"press Enter to blend the {marked} marked candidates"
    if marked:
        return "press Enter to pick the marked candidate"
    words = "press the number of the best picture"
    none, undo = ", n if none is better", ", u to undo" if can_undo(session) else ""
    return next((form for form in (words + none + undo, words + none) if len(form) < columns), words)


def status_words(search: Search, notice: str, marked: int, progress: str, hint: str = "", columns: int = 80) -> str:
    """Return the status line of a search: the first of failure, notice, progress and invitation that there is.

    Args:
        search: The search.
        notice: What has to be said about the last key or event, or "".
        marked: The number of marked candidates.
        progress: How far the grid is, in words; "" when it is finished.
        hint: What is said instead of the invitation while nothing is marked; "" for nothing.
        columns: Of the status line.
    """
    if search.failure:
        return f"{search.failure}; press r to try again"
    invited = hint if hint and not marked else invitation(search.session, marked, columns)
    if search.size == 1:  # no candidate can come from this picture
        invited = no_room(search.session.node, (search.session.template,))
    return notice or progress or invited


def choice_words(search: Search) -> str:
    """Return what is being chosen for the grid; "" while the parent is rendered, and when nothing is."""
    if not search.pool or search.progress.decodes:
        return ""
    return f"choosing {search.size - 1} of {search.pool} starts that differ most"


def bar(fraction: float, width: int = 8) -> str:
    """Return a progress bar of `width` cells."""
    done = round(fraction * width)
    return "━" * done + "─" * (width - done)


@dataclass(frozen=True, kw_only=True, slots=True)
class Caption:
    """What stands under a picture.

    Attributes:
        key: The key that picks it; "" for none.
        name: What it is, where its key does not say it: "parent".
        is_marked: Whether it is marked for blending.
        is_starred: Whether it is kept.
        fraction: How far its rendering is, 0 to 1; None when it is rendered.
        is_draft: Whether it is a draft, rendered with fewer steps.
        ready: That the grid it leads to is rendered already, in words and in fewer of them; () when it is not.
        regions: For which regions it was chosen, in words and in fewer of them; () for none.
        shows: What it shows in place of its own picture, in words and in fewer of them; () for nothing else.
    """

    key: str
    name: str = ""
    is_marked: bool = False
    is_starred: bool = False
    fraction: float | None = None
    is_draft: bool = False
    ready: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()

    def words(self, columns: int) -> str:
        """Return the caption for a cell of so many columns; long words are left out where they do not fit."""
        if self.shows:
            forms = [*(f"{self.key} {form}".strip() for form in self.shows), self.shows[-1]]
            return next((form for form in forms if len(form) <= columns), forms[-1])
        short = self._short(columns)
        if self.fraction is not None:
            room = columns - len(short) - 1
            return f"{short} {bar(self.fraction, min(8, room))}" if room >= 3 else short
        if self.is_marked and len(short) + 7 <= columns:
            return short.replace("●", "● marked")
        return short

    def _short(self, columns: int) -> str:
        """Return the most words that fit: signs become shorter before regions do, and are left out at last."""
        mark, star = ("●" if self.is_marked else ""), ("★" if self.is_starred else "")
        long, brief = (DRAFT[0], self.ready[:1]), (DRAFT[-1], self.ready[-1:])
        forms = [
            " ".join(filter(None, (self.key, where, self.name, mark, star, draft if self.is_draft else "", *ready)))
            for where in self.regions or ("",)
            for draft, ready in (long, brief, ("", ()))
        ]
        return next((form for form in forms if len(form) <= columns), forms[-1])


def photo_title(photograph: Photograph) -> str:
    """Return the first line of the screen of a photograph: its name and its size."""
    photo = photograph.photo
    return f"Start from this photograph: {plain(photograph.path.name, limit=60)}, {photo.width} x {photo.height}"


def photo_target_words(prepared: PreparedPhoto) -> str:
    """Return the model in force, and the settings that a photograph is inverted with."""
    settings = prepared.target.settings
    scheduler = settings.scheduler.name.removesuffix("Scheduler")
    words = [
        f"model {prepared.target.load.model.name}",
        f"{settings.width} x {settings.height}",
        f"{settings.num_inference_steps} steps",
        *([scheduler] if scheduler else []),
        f"guidance {settings.guidance_scale:g}",
    ]
    return " · ".join(words)


def photo_notes(prepared: PreparedPhoto) -> str:
    """Return what is to be known about a photograph before it is inverted; "" for nothing."""
    photograph = prepared.photograph
    notes = list(photograph.photo.notes)
    if photograph.reason:
        notes.append(f"the noise of {photograph.origin} cannot be rebuilt ({photograph.reason})")
    if prepared.target.notice:
        notes.append(prepared.target.notice)
    return "; ".join(notes)


def photo_status(
    prepared: PreparedPhoto, state: PhotoState, load: ModelLoad, notice: str, seconds_left: float | None
) -> str:
    """Return the status line of the screen of a photograph.

    Args:
        prepared: The photograph.
        state: How far its inversion is.
        load: How far the loading of its model is.
        notice: What has to be said about the last key or event, or "".
        seconds_left: Until the inversion is over, None when that is not known.
    """
    if state.total:
        left = "" if seconds_left is None else f", about {duration(seconds_left)} left"
        return f"evaluation {state.evaluations}/{state.total}{left}; Esc cancels"
    if state.is_busy:
        return f"{load_words(load) or 'inverting'}; Esc cancels"
    if state.failure:
        return f"{state.failure}; change the choices, or press Enter to try again"
    if load.failure:
        return f"{load.failure}; press Enter to try again, or Ctrl+L to choose another model"
    return notice or "; ".join(filter(None, (photo_notes(prepared), "press Enter to begin")))
