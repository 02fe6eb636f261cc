"""Which weights a file names, and where this machine has them, without any path in the file.

`engine.models.remembered` knows the paths.  Nothing is ever downloaded: what is not here is said, with what comes near.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelError, UnknownModelError
from engine.models.fingerprints import file_digest, model_fingerprint, single_fingerprint
from engine.models.memory import QUANTISED
from engine.models.parts import MOST_WEIGHT, parts_identity
from engine.models.remembered import Remembered, recall, remember, remembered
from engine.models.resolve import EMBEDDED, embedded_folder, pipeline_of, resolve_model
from engine.rendering.requests import LoraChoice, ModelChoice
from latentpng.record import Json, JsonObject
from latentpng.text import plain

NO_MODEL = ModelChoice(path="", name="")
"""What `find_model` answers when this machine does not know the model."""
_MOST_NEAR = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class NearModel:
    """Not the model that made a picture, but one like it: `why` in a few words."""

    choice: ModelChoice
    why: str


def model_identity(choice: ModelChoice, memory: str = "auto") -> dict[str, Json]:
    """What a file records of its model: name, pipeline, fingerprint, and what is laid over it; never a path.

    memory: how it is loaded; quantised weights are others.
    """
    return {
        "name": choice.name,
        "pipeline": pipeline_of(choice.folder),
        "fingerprint": _fingerprint(choice),
        **parts_identity(choice),
        **({"quantised": memory} if memory in QUANTISED else {}),
    }


def model_entry(settings: JsonObject) -> Json:
    """What a file says of its model; an import names none that can be found, but perhaps what confirmed it."""
    model, confirmed = settings.get("model"), settings.get("confirmed")
    is_known = isinstance(model, Mapping) and "fingerprint" in model
    return confirmed.get("model") if isinstance(confirmed, Mapping) and not is_known else model


def find_model(recorded: Json) -> ModelChoice:
    """The model that a file's `settings["model"]` names, where this machine has it, bare; NO_MODEL otherwise."""
    wanted = _text(recorded, "fingerprint")
    if not wanted:
        return NO_MODEL
    if model_fingerprint(embedded_folder()) == wanted:
        return resolve_model("")
    known = (_choice(entry) for entry in recall(wanted) if entry.pipeline)
    return next((choice for choice in known if _is_still(choice, wanted)), NO_MODEL)


def near_models(recorded: Json) -> tuple[NearModel, ...]:
    """Those that were loaded here and are still there: of the same name first, then of the same pipeline.

    For one that shipped with an earlier version, the one that ships now comes before them.
    """
    name, pipeline = _text(recorded, "name"), _text(recorded, "pipeline")
    known = [entry for entry in remembered() if entry.pipeline and Path(entry.path).exists()]
    same_name = [entry for entry in known if name and entry.name == name]
    same_kind = [entry for entry in known if entry.pipeline == pipeline and entry not in same_name]
    near = [NearModel(choice=resolve_model(EMBEDDED), why="the one that ships now")] if name == EMBEDDED else []
    near += [NearModel(choice=_choice(entry), why="the same name, other weights") for entry in same_name]
    near += [NearModel(choice=_choice(entry), why="the same family") for entry in same_kind]
    return tuple(near[:_MOST_NEAR])


def recorded_model(recorded: Json) -> ModelChoice:
    """As `find_model`; UnknownModelError, which names what is near, when it is not here."""
    found = find_model(recorded)
    if found != NO_MODEL:
        return found
    name = _text(recorded, "name")
    made = f"this picture was made with the model {plain(name, 80)!r}, which is not known on this machine"
    if name == EMBEDDED:
        made = "this picture was made with a model that shipped with another version of warmer"
    near = near_models(recorded)
    offers = " or ".join(f"{_option(one.choice)} ({one.why})" for one in near)
    raise UnknownModelError(
        made if name else "this picture records no model",
        f"say which one to use with --model{f'; near it: {offers}' if offers else ''}",
        near=tuple((one.choice.path, one.choice.config) for one in near),
    )


def recorded_loras(recorded: Json) -> tuple[LoraChoice, ...]:
    """The LoRA files that a file names.  ModelError when one of them is not here."""
    entries = recorded.get("loras", ()) if isinstance(recorded, Mapping) else ()
    return tuple(_lora(entry) for entry in entries) if isinstance(entries, list | tuple) else ()


def recorded_vae(recorded: Json) -> str:
    """The path of the VAE that a file names; "" for the model's own.  ModelError when it is not here."""
    entry = recorded.get("vae") if isinstance(recorded, Mapping) else None
    digest = _text(entry, "fingerprint")
    if not digest:
        return ""
    for known in recall(digest):
        if _digest_is(digest, model_fingerprint, known.path):
            return known.path
    raise ModelError(_not_here("VAE", entry, "--vae"))


def quantised_of(recorded: Json) -> str:
    """ "8bit" or "4bit" when a picture was made with quantised weights; "" otherwise."""
    quantised = _text(recorded, "quantised")
    return quantised if quantised in QUANTISED else ""


def same_weights(recorded: Json, identity: JsonObject) -> bool:
    """Do both name the same weights, with the same things laid over them?  Names may differ."""
    return _weights(recorded) == _weights(identity)


def remember_model(choice: ModelChoice, identity: JsonObject) -> None:
    """Keeps where this model, its LoRA files and its VAE were, so that a file finds them again."""
    if Path(choice.path) != embedded_folder():
        remember(
            Remembered(
                digest=_text(identity, "fingerprint"),
                path=choice.path,
                name=choice.name,
                config=choice.config,
                pipeline=_text(identity, "pipeline"),
            )
        )
    if choice.vae:
        vae = identity["vae"]
        remember(Remembered(digest=_text(vae, "fingerprint"), path=choice.vae, name=_text(vae, "name")))
    for lora in choice.loras:
        remember(Remembered(digest=file_digest(Path(lora.path)), path=lora.path, name=lora.name))


def _fingerprint(choice: ModelChoice) -> str:
    path = Path(choice.path)
    return single_fingerprint(path, choice.folder) if choice.is_single_file else model_fingerprint(path)


def _is_still(choice: ModelChoice, wanted: str) -> bool:
    try:
        return _fingerprint(choice) == wanted
    except (OSError, ValueError, ModelError):
        return False


def _option(choice: ModelChoice) -> str:
    """What to say after --model."""
    return EMBEDDED if choice.name == EMBEDDED else choice.path


def _choice(entry: Remembered) -> ModelChoice:
    return ModelChoice(path=entry.path, name=entry.name, config=entry.config)


def _lora(entry: Json) -> LoraChoice:
    digest = _text(entry, "sha256")
    weight = entry.get("weight", 1.0) if isinstance(entry, Mapping) else 1.0
    for known in recall(digest) if digest else ():
        if _digest_is(digest, file_digest, known.path):
            return LoraChoice(path=known.path, weight=_number(weight))
    raise ModelError(_not_here("LoRA", entry, "--lora"))


def _digest_is(digest: str, compute: Callable[[Path], str], path: str) -> bool:
    try:
        return compute(Path(path)) == digest
    except (OSError, ValueError, ModelError):
        return False


def _not_here(kind: str, entry: Json, option: str) -> str:
    name = plain(_text(entry, "name") or "without a name", 80)
    return (
        f"this picture was made with the {kind} {name!r}, which is not known on this machine: "
        f"say where it is with {option}, or go on without it by {option} none"
    )


def _weights(model: Json) -> tuple[Json, ...]:
    entries = model if isinstance(model, Mapping) else {}
    loras = entries.get("loras", ())
    laid = [[_text(lora, "sha256"), _weight(lora)] for lora in loras] if isinstance(loras, list | tuple) else []
    vae = _text(entries.get("vae"), "fingerprint")
    return _text(entries, "fingerprint"), _text(entries, "quantised"), vae, laid


def _weight(lora: Json) -> Json:
    return lora.get("weight") if isinstance(lora, Mapping) else None


def _number(value: Json) -> float:
    """A recorded weight.  ModelError when it is none: a file may hold anything."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST_WEIGHT:
        return float(value)
    raise ModelError(f"this picture records a LoRA with the weight {plain(str(value), 40)}: say its own with --lora")


def _text(entries: Json, name: str) -> str:
    value = entries.get(name) if isinstance(entries, Mapping) else None
    return value if isinstance(value, str) else ""
