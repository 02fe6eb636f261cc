"""The command line that renders a picture again, to be copied into a shell.

A file is enough for `warmer render`.  A picture that has no file yet is made again by `warmer new`, if nothing but its
seed led to its noise; then every setting stands on the line.  What no command can do is said by a comment of the shell.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from latentpng.text import plain

if TYPE_CHECKING:
    from engine.rendering.requests import ModelChoice
    from engine.rendering.settings import RenderSettings
    from latentpng.record import JsonObject, LatentRecord

_DTYPES = ("float32", "float16", "bfloat16")
_SURROGATES = range(0xDC80, 0xDD00)
"""What stands in a text for bytes of a file's name that are no UTF-8."""


def command_of(record: LatentRecord, file: Path | None) -> str:
    """Return the command line that renders a picture again.

    It takes time where no file is given, because the model is looked up.

    Args:
        record: The record of the picture.
        file: Its file; None when it is not saved.

    Returns:
        One line that a shell takes as it is, and that is safe to show; a comment when there is no such command.
    """
    if file is not None:
        return _line("warmer", "render", _operand(file))
    obstacle = _obstacle(record)
    return f"# {obstacle}; pick it or star it with * first" if obstacle else _new_line(record)


def path_of(file: Path) -> str:
    """Return the absolute path of a file, to be copied and pasted anywhere.

    One with characters that a terminal would obey, such as a line break, is written as a shell takes it: pasted, it
    does nothing.
    """
    text = str(file.absolute())
    return text if plain(text) == text else _quoted(text)


def _obstacle(record: LatentRecord) -> str:
    """Return why a picture cannot be made by `warmer new`, as a clause; "" when it can."""
    from engine.errors import InvalidRequestError
    from engine.models.samplers import draws_noise
    from engine.search.axis import moves
    from engine.search.seeds import step_seed_of
    from latentpng.record import SeedRoot

    root = record.lineage.root
    if not isinstance(root, SeedRoot):
        return "this picture starts from noise that stands in its file alone"
    moved = sum(map(moves, record.lineage.rounds))
    if moved:
        return f"the {'round' if moved == 1 else f'{moved} rounds'} of this picture can only be read from its file"
    try:
        settings = _settings(record)
    except InvalidRequestError:
        return "the settings of this picture can only be read from its file"
    is_step_seed_known = settings.step_seed == step_seed_of(root.seed)
    if settings.guidance_rescale or (
        not is_step_seed_known and (draws_noise(settings.scheduler) or not settings.scheduler.name)
    ):
        return "some settings of this picture can only be read from its file"
    return ""


def _new_line(record: LatentRecord) -> str:
    from engine.errors import EngineError
    from engine.models.find import NO_MODEL, find_model
    from engine.models.scheduler_texts import scheduler_text
    from latentpng.record import SeedRoot

    settings, model = _settings(record), _object(record.settings, "model")
    try:
        choice = find_model(model)
    except (EngineError, OSError):
        choice = NO_MODEL
    root = record.lineage.root
    words = {
        "--prompt": settings.prompt,
        "--seed": str(root.seed) if isinstance(root, SeedRoot) else "",
        "--size": f"{settings.width}x{settings.height}",
        "--steps": str(settings.num_inference_steps),
        "--guidance": repr(settings.guidance_scale).removesuffix(".0"),
        "--scheduler": scheduler_text(settings.scheduler),
    }
    if settings.negative_prompt:
        words["--negative"] = settings.negative_prompt
    if settings.clip_skip:
        words["--clip-skip"] = str(settings.clip_skip)
    words |= _style_words(settings, choice) | _model_words(model, choice, record.settings)
    return _line("warmer", "new", *_options({**words, **_instead_of_the_profile(words)}), *_parts(model), "--out", ".")


def _style_words(settings: RenderSettings, choice: ModelChoice) -> dict[str, str]:
    from engine.models.find import NO_MODEL
    from engine.models.prompt_styles import default_style

    is_default = choice != NO_MODEL and default_style(choice) == settings.prompt_style
    return {} if is_default else {"--prompt-style": settings.prompt_style}


def _model_words(model: JsonObject, choice: ModelChoice, settings: JsonObject) -> dict[str, str]:
    """Return the options that name a model: its path where it is on this machine, else its name."""
    from engine.models.find import NO_MODEL, quantised_of
    from engine.models.imported import text_of
    from engine.models.resolve import EMBEDDED
    from engine.models.shipped import family_of

    is_here = choice != NO_MODEL
    name = choice.path if is_here and choice.name != EMBEDDED else text_of(model, "name")
    words = {"--model": name} if name else {}
    if is_here and choice.is_single_file and choice.config and not family_of(choice.config):
        words["--config"] = choice.config
    if prediction := text_of(model, "prediction"):
        words["--prediction"] = {"v_prediction": "v"}.get(prediction, prediction)
    if memory := quantised_of(model):
        words["--memory"] = memory
    if (dtype := text_of(settings, "dtype")) in _DTYPES:
        words["--dtype"] = dtype
    return words


def _parts(model: JsonObject) -> list[str]:
    """Return the options that name LoRA files, a VAE and text encoders: paths on this machine, else their names."""
    from engine.errors import EngineError
    from engine.models.find import model_in_parts, recorded_loras, recorded_vae
    from engine.models.imported import text_of

    words: list[str] = []
    try:
        loras = [(lora.path, lora.weight) for lora in recorded_loras(model)]
    except (EngineError, OSError):
        entries = model.get("loras")
        named = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list | tuple) else []
        loras = [(text_of(entry, "name"), entry.get("weight", 1)) for entry in named]
    for path, weight in loras:
        words += _option("--lora", f"{path}:{weight!r}".removesuffix(".0"))
    try:
        vae = recorded_vae(model)
    except (EngineError, OSError):
        vae = text_of(model.get("vae"), "name")
    words += _option("--vae", vae) if vae else []
    for encoder in model_in_parts(model).text_encoders:
        words += _option("--text-encoder", encoder)
    return words


def _instead_of_the_profile(words: Mapping[str, str]) -> dict[str, str]:
    """Return options that keep out what the configuration file says for new prompts and the picture does not have."""
    from engine.configuration.read import read_configuration
    from engine.errors import EngineError
    from engine.options import Options
    from engine.profiles import settled

    empty = {"negative_prompt": ("--negative", ""), "clip_skip": ("--clip-skip", "0")}
    try:
        defaults = dict(settled(Options(model=words.get("--model", "")), read_configuration()).prompt_defaults)
    except EngineError:
        return {}
    return {option: value for name, (option, value) in empty.items() if name in defaults and option not in words}


def _settings(record: LatentRecord) -> RenderSettings:
    """Return the settings of a picture; InvalidRequestError when it does not record them all."""
    from engine.errors import InvalidRequestError
    from engine.rendering.settings import RenderSettings

    missing = [name for name in ("prompt", "width", "height", "steps", "guidance") if name not in record.settings]
    if missing:
        raise InvalidRequestError(f"the picture does not record {missing[0]}")
    unused = RenderSettings(prompt="", width=64, height=64, num_inference_steps=1, guidance_scale=0.0)
    return RenderSettings.from_json(record.settings, defaults=unused)


def _object(entries: JsonObject, key: str) -> JsonObject:
    value = entries.get(key)
    return value if isinstance(value, Mapping) else {}


def _options(words: Mapping[str, str]) -> list[str]:
    return [word for option, value in words.items() for word in _option(option, value)]


def _option(option: str, value: str) -> list[str]:
    """Return an option and its value; in one word where the value could be taken for an option."""
    return [f"{option}={value}"] if value.startswith("-") else [option, value]


def _operand(file: Path) -> str:
    text = str(file)
    return f"./{text}" if text.startswith("-") else text


def _line(*words: str) -> str:
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """Return a word as a shell takes it; characters that a terminal would obey are written as escapes ($'...')."""
    if plain(word) == word:
        return shlex.quote(word)
    return f"$'{''.join(map(_escaped, word))}'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character == "!":  # an interactive bash may take it for a command of its history
        return "\\x21"
    if plain(character) == character:
        return character
    if ord(character) in _SURROGATES:
        return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
