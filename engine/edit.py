"""Change the settings of a picture and keep its noise: from what is asked for to a round that records it.

The change is a round that moves nothing: its `settings` are the new values, its `before` the old ones
(latentpng/SPEC.md, section 4).  What a picture is given here is read as it is for a new picture: the words of a prompt
load their LoRA files and textual inversions, and the texts of schedulers and models mean the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

from engine.errors import EngineError, InvalidRequestError, UnknownModelError
from engine.models.find import model_entry, model_identity, same_weights
from engine.models.imported import is_import
from engine.models.samplers import recorded_scheduler
from engine.options import Options
from engine.rendering.events import ModelReady
from engine.rendering.requests import LoadModel
from engine.rendering.settings import RenderSettings, SchedulerSettings
from engine.search.variants import Variant
from engine.target import Target, target_for_record
from latentpng.ancestors import settings_at
from latentpng.errors import InvalidValueError
from latentpng.json_fields import is_integer
from latentpng.record import Json, JsonObject, LatentRecord, Lineage, Round, SeedRoot
from latentpng.shapes import octaves, spatial_shape

KEYS = (
    "prompt",
    "negative_prompt",
    "width",
    "height",
    "steps",
    "guidance",
    "scheduler",
    "prompt_style",
    "clip_skip",
    "model",
)
"""The settings that an edit may change."""
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
    options: Options, record: LatentRecord, tell: Callable[[str], None] = lambda _: None
) -> EditedPicture:
    """Return a picture as the options ask for it: what they change of its settings becomes a round of its lineage.

    Args:
        options: What differs from what the picture records.
        record: The record of the picture.
        tell: Called with a sentence before something takes long.

    Raises:
        ModelError: The model cannot be used, or is not on this machine.
        InvalidRequestError: A setting is out of range, or cannot change.
    """
    target = target_for_record(options, record, tell)
    if not is_edit(options):
        return EditedPicture(lineage=record.lineage, target=target)
    before, after = _before(options, record, target), _after(record, target)
    changed = [key for key in KEYS if before.get(key) != after.get(key)]
    if not changed:
        return EditedPicture(lineage=record.lineage, target=target)
    notices = [target.notice, target.other_notice]
    if "width" in changed or "height" in changed:
        _check_size(record, target.settings)
        notices = ["; ".join(filter(None, (notice, _size_notice(target.settings)))) for notice in notices]
    round_ = Round(
        seed=0,
        scale=0.0,
        settings={key: after.get(key) for key in changed},
        before={key: _recorded(record, key) for key in changed},
    )
    try:
        lineage = record.lineage.child(round_)
    except InvalidValueError as error:
        raise InvalidRequestError(f"the picture cannot be edited: {error}") from error
    target = replace(target, notice=notices[0], other_notice=notices[1])
    return EditedPicture(lineage=lineage, target=target, rounds=(round_,))


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
        The options without what they edit.  Where the model of the picture is not on this machine, the one that was
        asked for stays: a picture that looks different is better than none.
    """
    plain = without_edits(options)
    if not options.model:
        return plain
    try:
        target_for_record(plain, record)
    except EngineError:
        return _with_model(plain, options)
    return plain


def noise_notice(record: LatentRecord, ready: ModelReady) -> str:
    """Return a sentence when a model draws noise of a different shape than the picture's; "" otherwise.

    Args:
        record: The record of the picture.
        ready: The model that was loaded.
    """
    size = record.settings.get("width"), record.settings.get("height")
    now = ready.request.settings.width, ready.request.settings.height
    if ready.noise_shape == record.tensor.shape or size != now:  # that a size changes is said already
        return ""
    shapes = [" x ".join(map(str, shape)) for shape in (ready.noise_shape, record.tensor.shape)]
    return (
        f"this model starts from noise of {shapes[0]} values and the picture from {shapes[1]}: the noise is drawn anew "
        "from the same seeds, so expect a different picture"
    )


def _with_model(options: Options, other: Options) -> Options:
    """Return options with the model of others."""
    return replace(options, **{name: getattr(other, name) for name in _OF_THE_MODEL})


def _recorded(record: LatentRecord, key: str) -> Json:
    return model_entry(record.settings) if key == "model" else record.settings.get(key)


def _before(options: Options, record: LatentRecord, target: Target) -> JsonObject:
    """Return the settings of a picture as `_after` returns the new ones, so that they can be compared."""
    defaults = target.defaults.settings("")
    known = {key: value for key, value in record.settings.items() if key != "scheduler"}
    settings = RenderSettings.from_json(known, defaults=defaults)
    if options.prompt is None:  # else its tags may have been taken out
        settings = replace(settings, prompt=target.settings.prompt)
    scheduler = target.settings.scheduler if options.scheduler is None else _scheduler(record.settings.get("scheduler"))
    entries = settings.to_json() if scheduler is None else replace(settings, scheduler=scheduler).to_json()
    if scheduler is None:  # a sampler that warmer does not have
        entries["scheduler"] = record.settings.get("scheduler")
    return {**entries, "model": record.settings.get("model")}


def _scheduler(recorded: Json) -> SchedulerSettings | None:
    """Return the scheduler that a picture records; None for a sampler of another tool that is not known."""
    try:
        known = recorded_scheduler(recorded)
        return SchedulerSettings() if known is None else SchedulerSettings.from_json(known)
    except InvalidRequestError:
        return None


# A picture that does not record which weights made it, as those of other tools, cannot be edited to have others: an
# option that names a model says there which one is meant.
def _after(record: LatentRecord, target: Target) -> JsonObject:
    """Return the settings that the target renders with; the model is the recorded one, if it has the same weights."""
    recorded, model = model_entry(record.settings), target.load.model
    is_own = isinstance(recorded, Mapping) and not is_import(recorded)
    then: Json = record.settings.get("model")
    if is_own and model.download:
        then = {"name": model.name}
    elif is_own:
        identity = model_identity(model, target.load.memory)
        if not same_weights(_unquantised(recorded), _unquantised(identity)):
            then = identity
    return {**target.settings.to_json(), "model": then}


def _unquantised(model: Json) -> JsonObject:
    """Return a model without how its weights are stored here, which edits nothing."""
    entries = model if isinstance(model, Mapping) else {}
    return {key: value for key, value in entries.items() if key != "quantised"}


def _check_size(record: LatentRecord, settings: RenderSettings) -> None:
    """Raise InvalidRequestError when the lineage cannot be replayed at a size."""
    size = f"{settings.width}x{settings.height}"
    if not isinstance(record.lineage.root, SeedRoot):
        raise InvalidRequestError(
            f"the size cannot change to {size}: the noise of this picture is stored and has no seed, so it exists at "
            "one size only"
        )
    bands = next((len(round_.bands) for round_ in record.lineage.rounds if round_.bands), 0)
    here = _octaves_at(record, settings)
    if bands and here and here != bands:
        raise InvalidRequestError(
            f"the size cannot change to {size}: the rounds of this picture move {bands} octaves of its noise, and at "
            f"that size there are {here}; choose a size whose shorter side is about as long as now"
        )


def _octaves_at(record: LatentRecord, settings: RenderSettings) -> int:
    """Return the octaves of the noise at a size, judged by the picture's own noise and size; 0 if that is not known."""
    side = spatial_shape(record.tensor.shape, record.axes)
    then = record.settings.get("height"), record.settings.get("width")
    now = settings.height, settings.width
    cells = [
        new * cells // old
        for cells, old, new in zip(side, then, now, strict=True)
        if is_integer(old) and old > 0 and new * cells % old == 0
    ]
    return octaves((cells[0], cells[1]), "HW") if len(cells) == 2 and min(cells) > 0 else 0


def _size_notice(settings: RenderSettings) -> str:
    return (
        f"at {settings.width}x{settings.height} the noise is drawn anew from the same seeds, so expect a different "
        "picture"
    )


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
