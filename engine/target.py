"""From options and a picture's record to what renders it: one frozen target, checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.compare import model_differences, prompt_notice
from engine.errors import InvalidRequestError
from engine.models.defaults import ModelDefaults
from engine.models.effort import check_effort
from engine.models.find import (
    NO_MODEL,
    model_entry,
    model_identity,
    model_in_parts,
    quantised_of,
    recorded_embeddings,
    recorded_loras,
    recorded_model,
    recorded_vae,
    same_weights,
    with_recorded_prediction,
)
from engine.models.hashes import same_hash
from engine.models.imported import ImportedParts, hash_notice, imported_parts, is_import, text_of
from engine.models.index_file import pipeline_of
from engine.models.library import Shelf, shadowed
from engine.models.loras import resolve_lora
from engine.models.notices import model_notices
from engine.models.prediction import check_predicts
from engine.models.prompt_parts import named_embeddings, prompt_part_notices, reweighted, with_loras
from engine.models.prompt_styles import default_style, may_take_weights, takes_weights
from engine.models.resolve import EMBEDDED, NONE, defaults_of, resolve_model, resolve_preview_vae, resolve_vae
from engine.models.samplers import recorded_scheduler
from engine.models.schedulers import scheduler_settings
from engine.options import Options, first_device
from engine.paths import is_there
from engine.prompts.reading import check_prompts
from engine.prompts.tags import find_tags, without_tags
from engine.rendering.requests import LoadModel, ModelChoice
from engine.rendering.settings import PromptStyle, RenderSettings, SchedulerSettings
from latentpng.record import Json, JsonObject, LatentRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The model to load and the settings to render with.

    Attributes:
        load: The request that loads the model; its settings are those of the pictures.
        defaults: The defaults of the model.
        notice: What is to be known about it, as a sentence, first of all how the model differs from the one that made
            the picture; "" for nothing.
        other_notice: The same without how the model differs, for those who asked for a different one.
        is_as_recorded: True when rendering the picture again is expected to give the pixels in its file: the same
            weights and the same settings.  False for a new prompt.
        undone: What made an imported picture but is not done here, a phrase each.
        has_recorded_hash: True when the model of an import has the hash that the other tool recorded.
    """

    load: LoadModel
    defaults: ModelDefaults
    notice: str = ""
    other_notice: str = ""
    is_as_recorded: bool = False
    undone: tuple[str, ...] = ()
    has_recorded_hash: bool = False

    @property
    def settings(self) -> RenderSettings:
        """The settings of the pictures."""
        return self.load.settings

    def with_settings(self, settings: RenderSettings) -> Target:
        """Return the same target with different settings."""
        return replace(self, load=replace(self.load, settings=settings))


def model_of(options: Options) -> ModelChoice:
    """Return the model that the options name, with its LoRA files and VAE; the embedded model when they name none.

    Raises:
        ModelError: A file or folder is missing or cannot be used.
    """
    options = options.for_new_prompt()
    return _with_parts(options, _named_model(options), None, ImportedParts())


def target_for_prompt(options: Options, prompt: str) -> Target:
    """Return what renders a new prompt.

    Raises:
        ModelError: The model cannot be used.
        InvalidRequestError: A setting is out of range.
    """
    options = options.for_new_prompt()
    model = model_of(options)
    defaults = defaults_of(model)
    settings = replace(defaults.settings(prompt, _scheduler(options)), prompt_style=default_style(model))
    load = _load(options, model, settings)
    model, settings = with_loras(load.model, load.settings, find_more=options.loras != (NONE,))
    check_prompts(settings)
    load = replace(load, model=named_embeddings(model, settings), settings=settings)
    unknown = prompt_part_notices(prompt, load.model, settings, loras=options.loras != (NONE,))
    notice = _joined(_shadow_notice(options), *model_notices(model), *unknown)
    return Target(load=load, defaults=defaults, notice=notice, other_notice=notice)


def target_for_record(options: Options, record: LatentRecord, tell: Callable[[str], None] = lambda _: None) -> Target:
    """Return what renders a picture again, with what the options change; `engine.edit` records what they change.

    Args:
        options: What differs from what the picture records.
        record: The record of the picture.
        tell: Called with a sentence before something takes long.

    Raises:
        ModelError: The model cannot be used, or this machine does not have it (UnknownModelError).
        InvalidRequestError: A setting is out of range or of the wrong kind, or the picture asks for far more work than
            pictures are, and the options do not allow it.
    """
    recorded = model_entry(record.settings)
    named = _named_model(options) if options.model else None
    if waits := hash_notice(recorded, Path(named.path) if named else None):
        tell(waits)
    model = named or _recorded_model(options, recorded)
    imported = imported_parts(recorded, record.settings)
    model = with_recorded_prediction(_with_parts(options, model, recorded, imported), recorded)
    defaults = defaults_of(model)
    settings = RenderSettings.from_json(_with_known_scheduler(options, record), defaults=defaults.recorded)
    if not options.allow_large:
        has_size, has_steps = bool(options.size), options.num_inference_steps is not None
        check_effort(_changed(settings, options), defaults, has_size=has_size, has_steps=has_steps)
    if options.prompt is not None:
        settings = replace(settings, prompt=options.prompt)
    settings = replace(settings, prompt_style=_style_of_model(options, model, recorded, settings.prompt_style))
    load = _with_recorded_parts(_load(options, model, settings), options, record)
    unknown = _unknown_notices(options, load, settings)
    model = load.model
    load = replace(
        load,
        made_with=(str(record.software.get("device", "")), str(record.settings.get("dtype", ""))),
        attention_then=str(record.software.get("attention", "")),
        memory=quantised_of(recorded) or load.memory if load.memory == "auto" else load.memory,
    )
    identity = {} if model.download else model_identity(model, load.memory)  # unknown before it is downloaded
    prompt = prompt_notice(record)
    has_hash = is_import(recorded) and bool(same_hash(Path(model.path), text_of(recorded, "hash")))
    undone = _undone(options, imported)
    model_notice = _model_notice(recorded, identity, has_recorded_hash=has_hash)
    notices = (_undone_notice(undone), prompt, *model_notices(model), *unknown)
    return Target(
        load=load,
        defaults=defaults,
        undone=undone,
        has_recorded_hash=has_hash,
        notice=_joined(_shadow_notice(options), model_notice, *notices),
        other_notice=_joined(_shadow_notice(options), *notices),
        is_as_recorded=not prompt and _is_as_recorded(record, identity, load.settings),
    )


def _predicting(model: ModelChoice, prediction: str) -> ModelChoice:
    """Return the model of a picture, with what the user says that it predicts."""
    if not prediction:
        return model
    changed = replace(model, prediction=prediction)
    check_predicts(changed)
    return changed


def _named_model(options: Options) -> ModelChoice:
    other_vae = options.vae not in ("", NONE)
    return resolve_model(
        options.model,
        config=options.config,
        download=options.download,
        other_vae=other_vae,
        text_encoders=options.text_encoders,
        prediction=options.prediction,
    )


def _recorded_model(options: Options, recorded: Json) -> ModelChoice:
    """Return the model that a picture records, with the prediction and the text encoders of the options."""
    if not options.text_encoders:
        return _predicting(recorded_model(recorded), options.prediction)
    model = model_in_parts(recorded)
    model = recorded_model(recorded) if model == NO_MODEL else model
    return resolve_model(
        model.path,
        config=model.config,
        text_encoders=options.text_encoders,
        prediction=options.prediction or model.prediction,
        other_vae=True,  # the picture records it if the file lacks one
    )


def _with_parts(options: Options, model: ModelChoice, recorded: Json, imported: ImportedParts) -> ModelChoice:
    """Return the model with the LoRA files and VAE of the options, else with those that the file records."""
    named = () if options.loras == (NONE,) else options.loras
    if options.loras:
        loras = tuple(map(resolve_lora, named))
    else:
        loras = imported.loras if is_import(recorded) else recorded_loras(recorded)
    if options.vae:
        vae = "" if options.vae == NONE else resolve_vae(options.vae)
    else:
        vae = imported.vae if is_import(recorded) else recorded_vae(recorded)
    return replace(model, loras=loras, vae=vae or model.vae, embeddings=imported.embeddings)


def _undone(options: Options, imported: ImportedParts) -> tuple[str, ...]:
    """Return what is not done of an import; what an option decides is not missing."""
    decided = (*(("LoRA ",) if options.loras else ()), *(("VAE ",) if options.vae else ()))
    return tuple(phrase for phrase in imported.undone if not phrase.startswith(decided))


def _undone_notice(undone: tuple[str, ...]) -> str:
    return f"this picture needs more than is done here: {', '.join(undone)}" if undone else ""


def _shadow_notice(options: Options) -> str:
    """Which names of the library are not meant, because there is such a path here."""
    loras = (lora if is_there(Path(lora)) else lora.rpartition(":")[0] for lora in options.loras)
    named = [(Shelf.MODELS, options.model), (Shelf.VAES, options.vae), *((Shelf.LORAS, lora) for lora in loras)]
    return "; ".join(filter(None, (shadowed(shelf, text) for shelf, text in named)))


# A picture of our own names all its parts, so its prompt is not searched for others: what it renders must not depend on
# the files that are here by chance.  An import names none, so its prompt is read like a new one; so is a prompt in the
# options.
def _with_recorded_parts(load: LoadModel, options: Options, record: LatentRecord) -> LoadModel:
    """Return a request with the LoRA files and textual inversions that the prompts of a picture name."""
    recorded = model_entry(record.settings)
    is_own = isinstance(recorded, Mapping) and not is_import(recorded)
    is_new = not is_own or (options.prompt is not None and options.prompt != record.settings.get("prompt"))
    model = load.model if is_import(recorded) else replace(load.model, embeddings=recorded_embeddings(recorded))
    if not is_new and load.settings.prompt_style == PromptStyle.PLAIN:
        return load
    if is_own and is_new:
        model = _with_new_words(model, options, load.settings)
    model, settings = with_loras(model, load.settings, find_more=is_new and options.loras != (NONE,))
    check_prompts(settings)
    is_negative_new = not is_own or options.negative_prompt is not None
    if is_new:
        read = settings if is_negative_new else replace(settings, negative_prompt="")
        model = named_embeddings(model, read)
    elif is_negative_new:
        model = named_embeddings(model, settings, only_negative=True)
    return replace(load, model=model, settings=settings)


def _with_new_words(model: ModelChoice, options: Options, settings: RenderSettings) -> ModelChoice:
    """Return the model of a picture whose prompt is replaced: with the weights and the words of the new one."""
    words = f"{settings.prompt}\n{settings.negative_prompt}".lower()
    embeddings = tuple(choice for choice in model.embeddings if choice.word.lower() in words)
    model = replace(model, embeddings=embeddings)
    return model if options.loras else reweighted(model, settings.prompt)


def _unknown_notices(options: Options, load: LoadModel, settings: RenderSettings) -> tuple[str, ...]:
    """Return what stands for no file in a prompt that the options replace; settings: its tags are still in them."""
    if options.prompt is None:
        return ()
    return prompt_part_notices(settings.prompt, load.model, load.settings, loras=options.loras != (NONE,))


def _joined(*sentences: str) -> str:
    return "; ".join(filter(None, sentences))


def _load(options: Options, model: ModelChoice, settings: RenderSettings) -> LoadModel:
    return LoadModel(
        model=model,
        settings=_with_possible_style(_changed(settings, options), options, model),
        device=first_device(options.device),
        dtype=options.dtype,
        micro_batch=1 if options.strict else options.batch,
        preview_vae=resolve_preview_vae(options.preview_vae) if options.preview_vae else "",
        attention=options.attention,
        memory=options.memory,
        compile=options.compile,
    )


def _scheduler(options: Options) -> SchedulerSettings | None:
    return None if options.scheduler is None else scheduler_settings(options.scheduler)


def _changed(settings: RenderSettings, options: Options) -> RenderSettings:
    width, height = options.size or (settings.width, settings.height)
    negative, steps, guidance = options.negative_prompt, options.num_inference_steps, options.guidance_scale
    return replace(
        settings,
        width=width,
        height=height,
        negative_prompt=settings.negative_prompt if negative is None else negative,
        num_inference_steps=settings.num_inference_steps if steps is None else steps,
        guidance_scale=settings.guidance_scale if guidance is None else guidance,
        scheduler=_scheduler(options) or settings.scheduler,
        prompt_style=options.prompt_style or settings.prompt_style,
        clip_skip=settings.clip_skip if options.clip_skip is None else options.clip_skip,
    )


def _style_of_model(options: Options, model: ModelChoice, recorded: Json, style: str) -> str:
    """Return how prompts are read when a picture gets a different model.

    A picture whose model knew plain prompts only was never asked how its prompt is to be read: with a model that knows
    more, it is read as new prompts are.
    """
    if not options.model or style != PromptStyle.PLAIN or not text_of(recorded, "fingerprint"):
        return style
    knew_more = takes_weights(text_of(recorded, "pipeline")) and text_of(recorded, "name") != EMBEDDED
    return style if knew_more else default_style(model)


def _with_possible_style(settings: RenderSettings, options: Options, model: ModelChoice) -> RenderSettings:
    """Return settings in the plain style if the model knows no other and the options name none."""
    if settings.prompt_style == PromptStyle.PLAIN or may_take_weights(model):
        return settings
    if options.prompt_style:
        raise InvalidRequestError(
            f"--prompt-style {options.prompt_style} is for Stable Diffusion 1 and 2 and SDXL, and {model.name!r} is "
            f"a {pipeline_of(model.folder)}: leave it out"
        )
    return replace(settings, prompt_style=PromptStyle.PLAIN)


def _with_known_scheduler(options: Options, record: LatentRecord) -> JsonObject:
    """Return the recorded settings; a sampler of another tool is translated, unless an option replaces it anyway."""
    recorded = dict(record.settings)
    scheduler = recorded.pop("scheduler", None)
    if scheduler is not None and options.scheduler is None:
        recorded["scheduler"] = recorded_scheduler(scheduler)
    return recorded


def _model_notice(recorded: Json, identity: JsonObject, *, has_recorded_hash: bool) -> str:
    differing = model_differences(recorded, identity, has_recorded_hash=has_recorded_hash) if identity else ()
    return f"some conditions differ from when this picture was made: {'; '.join(differing)}" if differing else ""


def _is_as_recorded(record: LatentRecord, identity: JsonObject, settings: RenderSettings) -> bool:
    return (
        bool(identity)
        and _without_tags(RenderSettings.from_json(record.settings, defaults=settings)) == _without_tags(settings)
        and same_weights(record.settings.get("model"), identity)
    )


def _without_tags(settings: RenderSettings) -> RenderSettings:
    """Return settings without the tags that load LoRA files, which are compared by what they load."""
    tags = find_tags(settings.prompt) if settings.prompt_style != PromptStyle.PLAIN else ()
    return replace(settings, prompt=without_tags(settings.prompt, tags))
