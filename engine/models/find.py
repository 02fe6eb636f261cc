"""Which weights a picture names, and where this machine has them; the picture itself holds no path.

`engine.models.remembered` knows the paths.  Nothing is ever downloaded: a missing model is named, with similar ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import ModelError, UnknownModelError
from engine.models.fingerprints import file_digest, model_fingerprint, path_fingerprint
from engine.models.hashes import same_hash
from engine.models.imported import imported_model, is_import, text_of
from engine.models.library import Shelf
from engine.models.look import look_at
from engine.models.loras import MAX_LORA_WEIGHT
from engine.models.memory import QUANTISED
from engine.models.prediction import EPSILON, V_PREDICTION, prediction_of
from engine.models.relocated import file_named, models_named
from engine.models.remembered import Remembered, recall, remember, remembered
from engine.models.resolve import EMBEDDED, embedded_folder, resolve_model
from engine.models.shipped import restored
from engine.rendering.requests import EmbeddingChoice, LoraChoice, ModelChoice
from latentpng.json_fields import is_number
from latentpng.record import Json, JsonObject
from latentpng.text import plain

NO_MODEL = ModelChoice(path="", name="")
"""The answer of `find_model` when this machine does not know the model."""
_MAX_NEAR = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class NearModel:
    """A model similar to the one that made a picture.

    Attributes:
        choice: The model.
        why: What is similar, in a few words.
    """

    choice: ModelChoice
    why: str


def model_identity(choice: ModelChoice, memory: str = "auto") -> dict[str, Json]:
    """Return what a picture records of its model: name, pipeline, fingerprint, and what is loaded beside it; no path.

    Args:
        choice: The model.
        memory: How it is loaded, a value of `Memory`; quantised weights are recorded as different ones.

    Raises:
        ModelError: The model cannot be used.
        OSError: A file cannot be read.
    """
    files, predicted = look_at(choice), prediction_of(choice)
    return {
        "name": choice.name,
        "pipeline": files.pipeline,
        "fingerprint": model_fingerprint(files),
        **({"prediction": predicted.kind} if predicted.is_recorded else {}),
        **_parts_identity(choice),
        **({"quantised": memory} if memory in QUANTISED else {}),
    }


def model_entry(settings: JsonObject) -> Json:
    """Return what a picture's settings say of its model.

    The settings of an import name no model that can be found, but perhaps the one that confirmed the import.
    """
    model, confirmed = settings.get("model"), settings.get("confirmed")
    is_known = isinstance(model, Mapping) and "fingerprint" in model
    return confirmed.get("model") if isinstance(confirmed, Mapping) and not is_known else model


def find_model(recorded: Json) -> ModelChoice:
    """Return the model that a picture records in `settings["model"]`, without LoRA files and other VAE.

    It is looked for among what was loaded here before, then by its name in the folders of this machine.

    Returns:
        The model on this machine, or `NO_MODEL`.
    """
    fingerprint = text_of(recorded, "fingerprint")
    if not fingerprint:
        return NO_MODEL
    if path_fingerprint(embedded_folder()) == fingerprint:
        return resolve_model("", prediction=_prediction(recorded))
    known = (_choice(entry, _prediction(recorded)) for entry in recall(fingerprint) if entry.pipeline)
    named = models_named(text_of(recorded, "name"), _prediction(recorded))
    candidates = (choice for choices in (known, named) for choice in choices)
    return next((choice for choice in candidates if _has_fingerprint(choice, fingerprint)), NO_MODEL)


def model_in_parts(recorded: Json) -> ModelChoice:
    """Return the model of a picture whose text encoders were files of their own, whether or not they are still there.

    Returns:
        The model, if its own file is on this machine, or `NO_MODEL`.
    """
    fingerprint = text_of(recorded, "fingerprint")
    known = (entry for entry in recall(fingerprint) if entry.pipeline and entry.text_encoders)
    here = (entry for entry in known if Path(entry.path).is_file())
    return next((_choice(entry, _prediction(recorded)) for entry in here), NO_MODEL)


def near_models(recorded: Json) -> tuple[NearModel, ...]:
    """Return models like the recorded one that were loaded here and still exist, or are in the folders of the library.

    Those of the same name come first, then those of the same pipeline.  For a model that shipped with an earlier
    version, the one that ships now comes before them.
    """
    name, pipeline = text_of(recorded, "name"), text_of(recorded, "pipeline")
    known = [entry for entry in remembered() if entry.pipeline and Path(entry.path).exists()]
    same_name = [entry for entry in known if name and entry.name == name]
    same_kind = [entry for entry in known if entry.pipeline == pipeline and entry not in same_name]
    near = [NearModel(choice=resolve_model(EMBEDDED), why="the one that ships now")] if name == EMBEDDED else []
    near += [NearModel(choice=_choice(entry), why=_why_near(entry, recorded)) for entry in same_name]
    near += [NearModel(choice=choice, why="the same name, different weights") for choice in _others_named(recorded)]
    near += [NearModel(choice=_choice(entry), why="the same family") for entry in same_kind]
    distinct: dict[str, NearModel] = {}
    for one in near:
        distinct.setdefault(one.choice.path, one)
    return tuple(distinct.values())[:_MAX_NEAR]


def recorded_model(recorded: Json) -> ModelChoice:
    """Return the model that a picture records, as `find_model` does.

    Raises:
        UnknownModelError: It is not on this machine; the message names similar models.
        ModelError: The file of a text encoder is not there any more, or a model of the name and hash that an import
            records is here, but cannot be used.
    """
    found = find_model(recorded)
    if found != NO_MODEL:
        return found
    lost = [file for file in model_in_parts(recorded).text_encoders if not Path(file).is_file()]
    if lost:
        raise ModelError(
            f"this picture was made with the text encoder {Path(lost[0]).name!r}, which is not there any more: "
            "give the files of all text encoders with --text-encoder"
        )
    path = imported_model(recorded)
    if path is not None:
        return resolve_model(str(path))
    name = text_of(recorded, "name")
    made = f"this picture was made with the model {plain(name, 80)!r}, which is not known on this machine"
    if name == EMBEDDED:
        made = "this picture was made with a model that shipped with another version of warmer"
    near = near_models(recorded)
    offers = " or ".join(f"{_option(one.choice)} ({one.why})" for one in near)
    raise UnknownModelError(
        made if name else "this picture records no model",
        f"choose one with --model{f'; similar ones here: {offers}' if offers else ''}",
        near=tuple((one.choice.path, one.choice.config) for one in near),
    )


def with_recorded_prediction(choice: ModelChoice, recorded: Json) -> ModelChoice:
    """Return a model that predicts what a picture records, if otherwise that would be guessed."""
    known = _prediction(recorded)
    is_guessed = bool(known and not choice.download and prediction_of(choice).notice)
    return replace(choice, prediction=known) if is_guessed else choice


def recorded_loras(recorded: Json) -> tuple[LoraChoice, ...]:
    """Return the LoRA files that a picture records.

    Raises:
        ModelError: One of them is not on this machine.
    """
    entries = recorded.get("loras", ()) if isinstance(recorded, Mapping) else ()
    return tuple(_lora(entry) for entry in entries) if isinstance(entries, list | tuple) else ()


def recorded_embeddings(recorded: Json) -> tuple[EmbeddingChoice, ...]:
    """Return the textual inversions that a picture records; one that is not on this machine has no path."""
    entries = recorded.get("embeddings", ()) if isinstance(recorded, Mapping) else ()
    words = [entry for entry in entries if text_of(entry, "name")] if isinstance(entries, list | tuple) else []
    return tuple(EmbeddingChoice(path=_embedding_path(entry), word=text_of(entry, "name")) for entry in words)


def recorded_vae(recorded: Json) -> str:
    """Return the path of the VAE that a picture records, "" for the model's own.

    Raises:
        ModelError: It is not on this machine.
    """
    entry = recorded.get("vae") if isinstance(recorded, Mapping) else None
    digest = text_of(entry, "fingerprint")
    if not digest:
        return ""
    for known in recall(digest):
        if _has_digest(digest, path_fingerprint, known.path):
            return known.path
    if found := file_named(Shelf.VAES, text_of(entry, "name"), digest, path_fingerprint):
        return found
    raise ModelError(_not_here("VAE", entry, "--vae"))


def quantised_of(recorded: Json) -> str:
    """Return "8bit" or "4bit" when a picture was made with quantised weights, "" otherwise."""
    quantised = text_of(recorded, "quantised")
    return quantised if quantised in QUANTISED else ""


def same_weights(recorded: Json, identity: JsonObject) -> bool:
    """Return whether both name the same weights, LoRA files, textual inversions and VAE.  The names may differ."""
    return _weights(recorded) == _weights(identity)


def remember_model(choice: ModelChoice, identity: JsonObject) -> None:
    """Remember where a model, its LoRA files, textual inversions and VAE are, so that a picture finds them again."""
    if Path(choice.path) != embedded_folder():
        remember(
            Remembered(
                digest=text_of(identity, "fingerprint"),
                path=choice.path,
                name=choice.name,
                config=choice.config,
                text_encoders=choice.text_encoders,
                pipeline=text_of(identity, "pipeline"),
            )
        )
    if choice.vae:
        vae = identity["vae"]
        remember(Remembered(digest=text_of(vae, "fingerprint"), path=choice.vae, name=text_of(vae, "name")))
    for embedding in choice.embeddings:
        if embedding.path and Path(embedding.path).is_file():
            digest = file_digest(Path(embedding.path))
            remember(Remembered(digest=digest, path=embedding.path, name=embedding.name))
    for lora in choice.loras:
        remember(Remembered(digest=file_digest(Path(lora.path)), path=lora.path, name=lora.name))


def _parts_identity(choice: ModelChoice) -> dict[str, Json]:
    """What a picture records of LoRA files, textual inversions and another VAE: names, digests, weights."""
    identity: dict[str, Json] = {}
    if choice.vae:
        identity["vae"] = {"name": _vae_name(Path(choice.vae)), "fingerprint": path_fingerprint(Path(choice.vae))}
    if choice.loras:
        identity["loras"] = [
            {"name": lora.name, "sha256": file_digest(Path(lora.path)), "weight": lora.weight} for lora in choice.loras
        ]
    used = [embedding for embedding in choice.embeddings if embedding.path]
    if used:
        identity["embeddings"] = [
            {"name": embedding.word, "sha256": file_digest(Path(embedding.path))} for embedding in used
        ]
    return identity


def _embedding_path(entry: Json) -> str:
    """The path of a recorded textual inversion, "" when this machine has none like it."""
    digest = text_of(entry, "sha256")
    known = recall(digest) if digest else ()
    path = next((one.path for one in known if _has_digest(digest, file_digest, one.path)), "")
    return path or file_named(Shelf.EMBEDDINGS, text_of(entry, "name"), digest, file_digest)


def _others_named(recorded: Json) -> Iterator[ModelChoice]:
    """The models of the library that have the recorded name, but not the recorded weights."""
    name = text_of(recorded, "name")
    return models_named(name) if name and not is_import(recorded) else iter(())


def _vae_name(path: Path) -> str:
    """The name of a VAE's file or folder, or of the model that it belongs to."""
    return path.stem if path.suffix == ".safetensors" else path.parent.name if path.name == "vae" else path.name


def _has_fingerprint(choice: ModelChoice, fingerprint: str) -> bool:
    try:
        return model_fingerprint(look_at(choice, other_vae=True)) == fingerprint
    except (OSError, ValueError, ModelError):
        return False


def _why_near(entry: Remembered, recorded: Json) -> str:
    """What is known of a model of the same name: an import may record no hash that could be compared."""
    told = not is_import(recorded) or same_hash(Path(entry.path), text_of(recorded, "hash")) is False
    return "the same name, different weights" if told else "the same name"


def _option(choice: ModelChoice) -> str:
    """The argument of --model that means this model."""
    return EMBEDDED if choice.name == EMBEDDED else choice.path


def _choice(entry: Remembered, prediction: str = "") -> ModelChoice:
    return ModelChoice(
        path=entry.path,
        name=entry.name,
        config=restored(entry.config),
        text_encoders=entry.text_encoders,
        prediction=prediction,
    )


def _prediction(recorded: Json) -> str:
    """What the model of a picture predicted, if the picture records it."""
    prediction = text_of(recorded, "prediction")
    return prediction if prediction in (EPSILON, V_PREDICTION) else ""


def _lora(entry: Json) -> LoraChoice:
    digest = text_of(entry, "sha256")
    weight = entry.get("weight", 1.0) if isinstance(entry, Mapping) else 1.0
    for known in recall(digest) if digest else ():
        if _has_digest(digest, file_digest, known.path):
            return LoraChoice(path=known.path, weight=_lora_weight(weight))
    if found := file_named(Shelf.LORAS, text_of(entry, "name"), digest, file_digest):
        return LoraChoice(path=found, weight=_lora_weight(weight))
    raise ModelError(_not_here("LoRA", entry, "--lora"))


def _has_digest(digest: str, compute: Callable[[Path], str], path: str) -> bool:
    try:
        return compute(Path(path)) == digest
    except (OSError, ValueError, ModelError):
        return False


def _not_here(kind: str, entry: Json, option: str) -> str:
    name = plain(text_of(entry, "name") or "without a name", 80)
    weight = entry.get("weight") if isinstance(entry, Mapping) else None
    acting = f" at the weight {weight:g}" if is_number(weight) and weight != 1 else ""
    return (
        f"this picture was made with the {kind} {name!r}{acting}, which is not known on this machine: "
        f"name its file with {option}, or go on without it by {option} none"
    )


def _weights(model: Json) -> tuple[Json, ...]:
    entries = model if isinstance(model, Mapping) else {}
    loras = entries.get("loras", ())
    digests = [[text_of(lora, "sha256"), _weight(lora)] for lora in loras] if isinstance(loras, list | tuple) else []
    vae = text_of(entries.get("vae"), "fingerprint")
    names = ("fingerprint", "quantised", "prediction")
    return *(text_of(entries, name) for name in names), vae, digests, _embeddings(entries)


def _embeddings(model: JsonObject) -> list[Json]:
    found = model.get("embeddings", ())
    return [text_of(entry, "sha256") for entry in found] if isinstance(found, list | tuple) else []


def _weight(lora: Json) -> Json:
    return lora.get("weight") if isinstance(lora, Mapping) else None


def _lora_weight(value: Json) -> float:
    """A recorded weight; ModelError when it is none, because a picture may hold anything."""
    if is_number(value) and abs(value) <= MAX_LORA_WEIGHT:
        return float(value)
    raise ModelError(
        f"this picture records a LoRA with the weight {plain(str(value), 40)}: give the LoRA and its weight by --lora"
    )
