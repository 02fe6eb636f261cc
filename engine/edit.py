"""Change the settings of a picture and keep its noise: from what is asked for to a round that records it.

The change is a round that moves nothing: its `settings` are the new values, its `before` the old ones
(latentpng/SPEC.md, section 4).  What a picture is given here is read as it is for a new picture: the words of a prompt
load their LoRA files and textual inversions, and the texts of schedulers and models mean the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

from engine.edit_noise import check_size, size_notice
from engine.edit_settings import KEYS, recorded_value, settings_after, settings_before
from engine.errors import EngineError, InvalidRequestError, UnknownModelError
from engine.models.find import model_entry
from engine.models.imported import is_import
from engine.options import Options
from engine.rendering.requests import LoadModel
from engine.search.history import tree_of
from engine.search.room import WAY_OUT_OF_FILE, no_room
from engine.search.variants import Variant
from engine.target import Target, target_for_record
from latentpng.ancestors import settings_at
from latentpng.record import LatentRecord, Lineage, Round

EDITING = frozenset(
    {
        "prompt",
        "negative_prompt",
        "size",
        "num_inference_steps",
        "guidance_scale",
        "scheduler",
        "prompt_style",
        "clip_skip",
        "model",
        "config",
        "text_encoders",
        "prediction",
        "loras",
        "vae",
    }
)
"""The options that change what a picture shows; the others say how it is rendered here."""
_OF_THE_MODEL = ("model", "config", "text_encoders", "prediction", "download", "loras", "vae")


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """What is to change; the fields are those of `Options`, and None or an empty value leaves the setting.

    Attributes:
        prompt: What the picture shows.
        negative_prompt: What it should not show; "" for nothing.
        num_inference_steps: Denoising steps.
        guidance_scale: How strictly the prompt is followed.
        scheduler: A scheduler as people write it; "" for the model's own.
        size: Width and height in pixels, or ().
        loras: LoRA files, each "FILE" or "FILE:WEIGHT"; ("none",) for none, () leaves them.
        model: A model as `Options.model`; "" leaves it.
        prompt_style: How prompts are read; "" leaves it.
        clip_skip: As `Options.clip_skip`; None leaves it.
    """

    prompt: str | None = None
    negative_prompt: str | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    scheduler: str | None = None
    size: tuple[int, ...] = ()
    loras: tuple[str, ...] = ()
    model: str = ""
    prompt_style: str = ""
    clip_skip: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EditedSettings:
    """What an edit leads to.

    Attributes:
        round_: The round that records it.
        variant: What renders the pictures from here on.
        notice: What is to be known about it, as a sentence; "" for nothing.
    """

    round_: Round
    variant: Variant
    notice: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class EditedPicture:
    """A picture as the options ask for it.

    Attributes:
        lineage: Its lineage, with a round that records what the options change of its settings, if they do.
        target: What renders it.
        rounds: That round; () when the options change nothing.
    """

    lineage: Lineage
    target: Target
    rounds: tuple[Round, ...] = ()


def is_edit(options: Options) -> bool:
    """Return whether the options ask for anything that a picture shows differently."""
    default = Options()
    return any(getattr(options, name) != getattr(default, name) for name in EDITING)


def without_edits(options: Options) -> Options:
    """Return the options that say how pictures are rendered, without those that change what they show."""
    default = Options()
    return replace(options, **{name: getattr(default, name) for name in EDITING})


def edited(options: Options, record: LatentRecord, edit: Edit, now: LoadModel | None = None) -> EditedSettings:
    """Return what an edit of a picture leads to; it takes time, because the model is looked up.

    Args:
        options: What was asked for when the search began: device, memory and the like.
        record: The record of the picture.
        edit: What is to change.
        now: What renders the picture now.  With it, nothing is loaded again unless the edit needs it.

    Raises:
        ModelError: The model cannot be used.
        InvalidRequestError: A setting is out of range or cannot change, or nothing changes.
    """
    changes = {field.name: getattr(edit, field.name) for field in fields(edit)}
    asked = {name: value for name, value in changes.items() if value != getattr(Edit(), name)}
    options = replace(options, allow_large=True)  # whoever edits a picture sees how large it is
    try:
        picture = edited_picture(replace(without_edits(options), **asked), record)
    except UnknownModelError:
        if edit.model or not options.model:
            raise
        picture = edited_picture(replace(_with_model(without_edits(options), options), **asked), record)
    if not picture.rounds:
        raise InvalidRequestError("nothing changes: the picture has these settings already")
    (round_,) = picture.rounds
    load = picture.target.load
    if now is not None and not edit.model:
        load = _kept_loaded(now, load, has_model="model" in round_.settings)
    notice = picture.target.other_notice if "model" in round_.settings else picture.target.notice
    return EditedSettings(round_=round_, variant=Variant(load=load), notice=notice)


def edited_picture(
    options: Options,
    record: LatentRecord,
    tell: Callable[[str], None] = lambda _: None,
    *,
    lineage: Lineage | None = None,
) -> EditedPicture:
    """Return a picture as the options ask for it: what they change of its settings becomes a round of its lineage.

    Args:
        options: What differs from what the picture records.
        record: The record of the picture.
        tell: Called with a sentence before something takes long.
        lineage: The lineage of the picture, where the record stands for it with its settings alone; None for that of
            the record.

    Raises:
        ModelError: The model cannot be used, or is not on this machine.
        InvalidRequestError: A setting is out of range, or cannot change.
    """
    lineage = record.lineage if lineage is None else lineage
    target = target_for_record(options, record, tell)
    if not is_edit(options):
        return EditedPicture(lineage=lineage, target=target)
    before, after = settings_before(options, record, target), settings_after(record, target)
    changed = [key for key in KEYS if before.get(key) != after.get(key)]
    if not changed:
        return EditedPicture(lineage=lineage, target=target)
    notices = [target.notice, target.other_notice]
    if "width" in changed or "height" in changed:
        check_size(record, lineage, target.settings)
        notices = ["; ".join(filter(None, (notice, size_notice(target.settings)))) for notice in notices]
    round_ = Round(
        seed=0,
        scale=0.0,
        settings={key: after.get(key) for key in changed},
        before={key: recorded_value(record, key) for key in changed},
    )
    check_room(lineage, (round_,))
    lineage = lineage.child(round_)
    target = replace(target, notice=notices[0], other_notice=notices[1])
    return EditedPicture(lineage=lineage, target=target, rounds=(round_,))


def check_room(lineage: Lineage, rounds: Sequence[Round]) -> None:
    """Raise InvalidRequestError if the file of a picture cannot hold more rounds."""
    if full := no_room(tree_of(lineage).nodes[-1], rounds, WAY_OUT_OF_FILE):
        raise InvalidRequestError(full)


def record_at(record: LatentRecord, rounds: int) -> LatentRecord:
    """Return the record of an ancestor as `target_for_record` takes it: its lineage, and the settings in force there.

    Its noise is still that of the picture.

    Args:
        record: The record of the picture.
        rounds: The number of rounds of the ancestor; 0 is the root.

    Raises:
        InvalidValueError: The picture has fewer rounds.
    """
    if rounds == len(record.lineage.rounds):
        return record
    settings = settings_at(record, rounds)
    return replace(
        record, metadata=replace(record.metadata, lineage=record.lineage.ancestor(rounds), settings=settings)
    )


def options_before(options: Options, record: LatentRecord) -> Options:
    """Return the options for a picture as it was before the options edit it, and for its ancestors.

    Args:
        options: What was asked for.
        record: The record of the picture.

    Returns:
        The options without what they edit.  Where the model of the picture is not on this machine, or is not recorded
        because the picture is of another tool, the one that was asked for stays: a picture that looks different is
        better than none.
    """
    plain = without_edits(options)
    if is_import(model_entry(record.settings)):
        return _with_model(plain, options)
    if not options.model:
        return plain
    try:
        target_for_record(plain, record)
    except EngineError:
        return _with_model(plain, options)
    return plain


def _with_model(options: Options, other: Options) -> Options:
    """Return options with the model of others."""
    return replace(options, **{name: getattr(other, name) for name in _OF_THE_MODEL})


def _kept_loaded(now: LoadModel, load: LoadModel, *, has_model: bool) -> LoadModel:
    """Return a request that loads only what an edit changes.

    A picture's record leads to the same model by other ways than a search that began with a prompt, and the request
    would differ in what does not matter here.
    """
    if not has_model:
        return replace(now, settings=load.settings)
    parts = load.model
    model = replace(now.model, loras=parts.loras, embeddings=parts.embeddings, vae=parts.vae)
    return replace(now, settings=load.settings, model=model)
