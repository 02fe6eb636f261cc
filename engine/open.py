"""Open a prompt, a picture or a journal: from options and a file to what a search begins with.

Reads files and resolves the model; loads and renders nothing.  numpy and Pillow are imported where they are needed:
the first paint waits for neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from engine.edit import edited_picture, options_before
from engine.invert import InversionChoices, PreparedPhoto, prepare_photo
from engine.options import Options
from engine.photos.report import quality_words, repeats_words
from engine.records import Carrier, carrier_of, look_at_picture
from engine.rendering.events import ModelReady, PhotoInverted, Picture
from engine.search.axis import Axis, last_axis, last_scale
from engine.search.bands import Bands
from engine.search.beginning import Beginning
from engine.search.first_grid import plan_choice
from engine.search.folder import PictureFolder, session_folders
from engine.search.history import tree_of
from engine.search.journal import Journal
from engine.search.regions import region_asked_for
from engine.search.seeds import step_seed_of
from engine.search.session import Mode, Session, begin
from engine.search.store import Finished
from engine.search.variants import Recorded, edit_key
from engine.target import Target, target_for_prompt
from engine.variants import find_variants, recorded_on_the_way
from latentpng.errors import FileError
from latentpng.identity import picture_keys
from latentpng.record import LatentRecord, Lineage, SeedRoot, TensorRoot


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """A search that can begin as soon as its model is loaded.

    Attributes:
        beginning: What the search starts from.
        target: What renders its pictures.
        is_fresh: True when it starts from a new seed, not from a picture.
        journal: Where the session stood that is continued; None for a new session.
        title: What the folder of its pictures is named after; "" for the prompt.
    """

    beginning: Beginning
    target: Target
    is_fresh: bool = False
    journal: Journal | None = None
    title: str = ""


def open_prompt(options: Options, prompt: str) -> Opening:
    """Open a new search.

    Args:
        options: What was asked for; without a seed, one is drawn.
        prompt: What the pictures show.

    Returns:
        The opening.

    Raises:
        ModelError: The model cannot be used.
        InvalidRequestError: A setting is out of range.
    """
    target = target_for_prompt(options, prompt)
    seed = options.seed_or_random()
    target = target.with_settings(replace(target.settings, step_seed=step_seed_of(seed)))
    beginning = Beginning(lineage=Lineage(root=SeedRoot(seed=seed)), load=target.load)
    return Opening(beginning=beginning, target=target, is_fresh=True)


def open_picture(options: Options, path: Path, tell: Callable[[str], None] = lambda _: None) -> Opening:
    """Open a picture, to continue from it.

    Args:
        options: What differs from what the picture records.  What they change of its settings becomes an edit that can
            be undone.
        path: A picture that carries its noise, or one of another tool whose noise can be rebuilt.
        tell: Called with a sentence before something takes long.

    Returns:
        The opening.  It holds the file's own pixels when rendering is expected to give the same ones.

    Raises:
        FileError: The file cannot be read, or it is a photograph.
        ModelError: The picture's model cannot be used, or is not on this machine.
        InvalidRequestError: A setting is out of range.
    """
    return _opened(options, path, carrier_of(path), tell)


def open_file(
    options: Options, for_photos: Options, path: Path, prompt: str | None, tell: Callable[[str], None] = lambda _: None
) -> Opening | PreparedPhoto:
    """Open any picture: continue from its noise, or prepare to invert it.

    Args:
        options: For a picture that carries its noise, as for `open_picture`.
        for_photos: For a photograph: what was asked for with a new prompt.
        path: The file.
        prompt: What a picture that carries noise is to show instead; of a photograph, what it shows.  None for what the
            file says.
        tell: As for `open_picture`.

    Returns:
        The opening, or for a photograph what has to be inverted before a search can begin, its prompt still to be
        chosen: the one that is known may be one that warmer cannot read.

    Raises:
        FileError: The file cannot be read, or it is no picture.
        ModelError: The model cannot be used, or is not on this machine.
        InvalidRequestError: A setting is out of range, or cannot change.
    """
    found = look_at_picture(path)
    if isinstance(found, Carrier):
        return _opened(replace(options, prompt=prompt), path, found, tell)
    photograph = found if prompt is None else replace(found, prompt=prompt)
    return prepare_photo(for_photos, photograph, InversionChoices())


def open_inverted(prepared: PreparedPhoto, inverted: PhotoInverted) -> Opening:
    """Open the noise that was found for a photograph.

    Args:
        prepared: The photograph and what was chosen.
        inverted: What was found.

    Returns:
        The opening.  Its first picture is the one that repeats the photograph, if everything is to be kept.

    Raises:
        InvalidRequestError: As `PreparedPhoto.lineage`.
    """
    record = inverted.record
    lineage = prepared.lineage(record)
    root = Finished(picture=inverted.picture, record=record)
    source = record.lineage.root.source if isinstance(record.lineage.root, TensorRoot) else {}
    beginning = Beginning(
        lineage=lineage,
        load=prepared.target.load,
        known=None if lineage.rounds else root,
        root=root,
        root_record=record,
    )
    quality = inverted.warning, repeats_words(source)  # a warning names the statistics that it is about
    notice = "; ".join(filter(None, (*(quality if quality[0] else [quality_words(source)]), prepared.target.notice)))
    target = replace(prepared.target, notice=notice)
    return Opening(beginning=beginning, target=target, title=prepared.photograph.path.stem)


def _opened(options: Options, path: Path, carrier: Carrier, tell: Callable[[str], None]) -> Opening:
    record = carrier.record
    edited = edited_picture(options, record, tell)
    target = edited.target
    target = replace(target, notice="; ".join(filter(None, (carrier.notice, target.notice))))
    known = _own_picture(path, record) if target.is_as_recorded and not edited.rounds else None
    tree = tree_of(edited.lineage)
    own = edit_key(tree, len(tree.nodes) - 1)
    found = find_variants(options_before(options, record), tree, recorded_on_the_way(record), (own, target), tell)
    beginning = Beginning(
        lineage=edited.lineage,
        load=target.load,
        known=known,
        path=path if known else None,
        shown=carrier.shown,
        root_record=record,
        variants=found.variants,
        recorded=found.recorded,
        files={picture_keys(record.lineage)[-1]: path.absolute()} if edited.rounds and carrier.shown is None else {},
    )
    return Opening(beginning=beginning, target=target)


def session_for(
    opening: Opening, options: Options, ready: ModelReady, candidates: int, *, is_varied: bool = False
) -> Session:
    """Return the session of an opening, now that the loaded model has reported the shape of its noise.

    With a seed in the options all grids derive from it: the same answers give the same pictures again.  A session that
    is continued keeps its own seed, scale, bands, region, axis and mode.

    Args:
        opening: What was opened.
        options: The seed, scale, bands, region, axis and mode that were asked for.
        ready: The loaded model.
        candidates: The number of candidates in a grid.
        is_varied: Choose the candidates of the first grids for their differences, where the search begins with a
            prompt.  A session that is continued does so only if it was begun so, too.

    Raises:
        InvalidRequestError: The region that was asked for is none of this noise.
    """
    from latentpng.shapes import octaves, spatial_shape

    lineage, levels = opening.beginning.lineage, octaves(ready.noise_shape, ready.noise_axes)
    sides = spatial_shape(ready.noise_shape, ready.noise_axes)
    if opening.journal is not None:
        session = opening.journal.resume(levels, candidates, sides)
        return session if is_varied else replace(session, is_varied=False)
    steps = opening.target.settings.num_inference_steps
    return begin(
        lineage,
        seed=options.seed_or_random(),
        octaves=levels,
        scale=options.scale or last_scale(lineage, opening.target.defaults.scale),
        count=candidates,
        bands=Bands(options.bands or Bands.ALL),
        axis=Axis(options.axis or last_axis(lineage)),
        mode=Mode(options.mode),
        is_varied=is_varied and opening.is_fresh and plan_choice(steps, candidates) is not None,
        sides=sides,
        region=region_asked_for(options.region, sides),
    )


def beginning_of(opening: Opening, session: Session, ready: ModelReady) -> Beginning:
    """Return what a search starts from, with what its first pictures will record, which the journal needs before them.

    Args:
        opening: What was opened.
        session: The session of the opening.
        ready: The loaded model.
    """
    beginning = opening.beginning
    if opening.target.is_as_recorded or not ready.identity:
        return beginning
    settings = {**beginning.settings.to_json(), "model": ready.identity, "dtype": ready.dtype}
    own = edit_key(session.tree, session.place.node)
    recorded = {**beginning.recorded, own: Recorded(settings=settings, software=ready.software)}
    return replace(beginning, recorded=recorded)


def folder_for(
    opening: Opening, out: Path | None, sessions: Path, tell: Callable[[str], None] = lambda _: None
) -> PictureFolder:
    """Return the folder for the pictures of a search: `out`, else the journal's, else a new one under `sessions`.

    Args:
        opening: What was opened.
        out: The folder that was asked for; None for none.
        sessions: The folder that holds the folders of all sessions.
        tell: Called with a sentence about what was found in the folder, in the thread that saves.
    """
    if out is None and opening.journal is not None:
        out = opening.journal.folder
    if out is not None:
        return PictureFolder(out, tell=tell)
    title = opening.title or opening.beginning.settings.prompt
    return PictureFolder.new(session_folders(sessions, title, date.today()), tell)


def _own_picture(path: Path, record: LatentRecord) -> Finished | None:
    """Return the file's own pixels, or None when they are damaged or were edited."""
    from latentpng.png.files import pixel_digest, read_picture

    try:
        width, height, rgb = read_picture(path)
    except FileError:
        return None
    if record.pixels != pixel_digest(rgb):
        return None
    return Finished(picture=Picture(width=width, height=height, rgb=rgb), record=record)
