"""From a file, a journal or a prompt to what a search begins with; reads files, draws nothing.

What needs numpy and Pillow is imported where it is used: the first paint waits for neither.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from engine.models.find import model_identity, same_weights
from engine.rendering.events import ModelReady, Picture
from engine.rendering.settings import RenderSettings
from engine.search.axis import Axis, last_axis
from engine.search.journal import Journal, session_folder
from engine.search.running import Beginning, Finished
from engine.search.session import Bands, Mode, Session, begin, scale_of, step_seed_of
from latentpng.errors import FileError
from latentpng.record import LatentRecord, Lineage, SeedRoot
from tui.options import Target, draw_seed, target_for_prompt, target_for_record


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """A search that can begin as soon as its model is loaded.

    fresh: it starts from a new seed, not from a picture.  journal: where the session stood that it goes on with.
    """

    beginning: Beginning
    target: Target
    fresh: bool = False
    journal: Journal | None = None


def open_prompt(options: argparse.Namespace, prompt: str) -> Opening:
    """A new search.  ModelError, InvalidRequestError."""
    target = target_for_prompt(options, prompt)
    seed = draw_seed() if options.seed is None else options.seed
    target = replace(target, settings=replace(target.settings, step_seed=step_seed_of(seed)))
    beginning = Beginning(lineage=Lineage(root=SeedRoot(seed=seed)), settings=target.settings)
    return Opening(beginning=beginning, target=target, fresh=True)


def open_picture(options: argparse.Namespace, path: Path) -> Opening:
    """Goes on from a picture.  FileError, ModelError, InvalidRequestError."""
    from latentpng.png.files import read_record

    record = read_record(path)
    target = target_for_record(options, record)
    known = _known(path, record, target)
    return Opening(
        beginning=Beginning(
            lineage=record.lineage,
            settings=target.settings,
            known=known,
            path=path if known else None,
            root_record=record,
        ),
        target=target,
    )


def open_journal(options: argparse.Namespace, journal: Journal) -> Opening:
    """Goes on with the last session, at what was on offer.  As `open_picture`."""
    opening = open_picture(options, journal.picture)
    if journal.rounds:
        lineage = opening.beginning.lineage
        for round_ in journal.rounds:
            lineage = lineage.child(round_)
        beginning = replace(opening.beginning, lineage=lineage, known=None, path=None)
        opening = replace(opening, beginning=beginning)
    return replace(opening, journal=journal)


def session_for(opening: Opening, options: argparse.Namespace, ready: ModelReady, candidates: int) -> Session:
    """The session value of an opening, now that the model has told the shape of its noise.

    With `--seed`, all grids derive from it: the same answers give the same pictures again.
    """
    from latentpng.noise.replay import octaves

    lineage = opening.beginning.lineage
    default = opening.target.defaults.scale
    session = begin(
        lineage,
        seed=draw_seed() if options.seed is None else options.seed,
        octaves=octaves(ready.noise_shape, ready.noise_axes),
        scale=scale_of(lineage, default) if options.scale is None else options.scale,
        count=candidates,
        bands=Bands(options.bands or (Bands.ALL if opening.fresh else Bands.TILT)),
        axis=Axis(options.axis or last_axis(lineage)),
        mode=Mode(options.mode),
    )
    return opening.journal.resume(session) if opening.journal else session


def folder_for(opening: Opening, options: argparse.Namespace, sessions: Path) -> Path:
    """Where the pictures of a search go: as asked, the journal's folder, or a new one under `sessions`."""
    if options.out is not None:
        return Path(options.out)
    if opening.journal is not None:
        return opening.journal.folder
    return session_folder(sessions, opening.beginning.settings.prompt, date.today())


def _known(path: Path, record: LatentRecord, target: Target) -> Finished | None:
    """The file's own pixels, when they are what rendering with this model and these settings gave."""
    from engine.compare import prompt_trouble
    from latentpng.png.files import pixel_digest, read_picture

    same_settings = RenderSettings.from_json(record.settings, defaults=target.settings) == target.settings
    if (
        prompt_trouble(record) or not same_settings or target.model.download
    ):  # what is still to be downloaded is unknown
        return None
    if not same_weights(record.settings.get("model"), model_identity(target.model, target.memory)):
        return None
    try:
        width, height, rgb = read_picture(path)
    except FileError:
        return None
    if record.pixels != pixel_digest(rgb):
        return None
    return Finished(picture=Picture(width=width, height=height, rgb=rgb), record=record)
