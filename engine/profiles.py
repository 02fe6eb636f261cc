"""The configuration file and the options become one: an option comes before a profile, a profile before the defaults.

This is the only place where they are merged.  A profile that `--profile` names changes everything.  The default model
and the default profile of the file are for new prompts: a picture that is opened keeps its own model and settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from engine.configuration.durations import seconds_of
from engine.configuration.read import no_profile
from engine.configuration.values import Configuration, Profile
from engine.errors import InvalidRequestError
from engine.options import DTYPES, Options, parse_prediction, parse_size
from latentpng.text import plain

_MAX_SENTENCE = 600  # characters of a mistake: a name or a value may be as long as the file
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "model": "model",
        "config": "config",
        "prediction": "prediction",
        "loras": "loras",
        "vae": "vae",
        "text_encoders": "text_encoders",
        "preview_vae": "preview_vae",
        "steps": "num_inference_steps",
        "guidance": "guidance_scale",
        "scheduler": "scheduler",
        "negative": "negative_prompt",
        "size": "size",
        "prompt_style": "prompt_style",
        "clip_skip": "clip_skip",
        "memory": "memory",
        "dtype": "dtype",
        "attention": "attention",
    }
)
"""The keys of a profile, and the fields of `Options` that they fill."""
_OF_THE_MACHINE = ("preview_vae", "memory", "dtype", "attention")
"""Keys that say how pictures are rendered here, not what they show: the default profile sets them for pictures too."""
_OF_THE_FILE = ("config", "prediction", "text_encoders")
"""Keys that describe the file of the profile's model, and fit no other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InForce:
    """A value that is in force, and why.

    Attributes:
        key: The key of the configuration file.
        value: The value, as it was written.
        source: Where it comes from.
    """

    key: str
    value: object
    source: str


def settled(options: Options, configuration: Configuration, *, start_model: str = "") -> Options:
    """Return the options with what the configuration file adds to them.

    Args:
        options: What was asked for.  Merging twice is as merging once.
        configuration: The configuration file.
        start_model: The model that was chosen on the start screen; it comes after all that the file says.

    Raises:
        InvalidRequestError: There is no such profile, or a value of the profile makes no sense.
    """
    profile = chosen_profile(options, configuration)
    values = profile_values(profile, configuration)
    if options.is_given("model"):
        values = _without_file(values) if values.get("model", options.model) != options.model else values
    for_prompts = {} if options.profile else {key: values[key] for key in values if key not in _OF_THE_MACHINE}
    now = values if options.profile else {key: values[key] for key in values if key in _OF_THE_MACHINE}
    if "model" not in values and (model := configuration.model or start_model):
        for_prompts["model"] = model
    filled = options.filled({FIELDS[key]: value for key, value in now.items()} | _stay(configuration))
    left = ((FIELDS[key], value) for key, value in for_prompts.items())
    return replace(filled, prompt_defaults=tuple((name, value) for name, value in left if not options.is_given(name)))


def chosen_profile(options: Options, configuration: Configuration) -> Profile:
    """Return the profile that the options name, else the default one; an empty one when there is none.

    A default profile with a model of its own is left out when a different model is asked for.

    Raises:
        InvalidRequestError: There is no such profile.
    """
    name = options.profile or configuration.profile
    if not name:
        return Profile(name="")
    if name not in configuration.profiles:
        raise InvalidRequestError(f"{configuration.path}: {no_profile(configuration, name)}")
    profile = configuration.profiles[name]
    is_other = options.is_given("model") and profile.values.get("model", options.model) != options.model
    return Profile(name="") if is_other and not options.profile else profile


def profile_values(profile: Profile, configuration: Configuration) -> dict[str, object]:
    """Return what a profile sets, by the keys of the file, in the form of the fields of `Options`.

    Raises:
        InvalidRequestError: A value makes no sense; the message says where it stands.
    """
    values: dict[str, object] = {}
    for key, value in profile.values.items():
        try:
            values[key] = _CHECKS[key](value) if key in _CHECKS else value
        except InvalidRequestError as error:
            place = configuration.place_of(key, profile.name)
            sentence = plain(f"profiles.{profile.name}.{key}: {error}", _MAX_SENTENCE)
            raise InvalidRequestError(f"{place}: {sentence}") from error
    return values


def in_force(options: Options, configuration: Configuration, start_model: str = "") -> tuple[InForce, ...]:
    """Return what is in force for a new prompt, and where each value comes from.

    Args:
        options: What was asked for.
        configuration: The configuration file.
        start_model: As for `settled`.

    Raises:
        InvalidRequestError: As `settled`; the values of every profile are checked.
    """
    for each in configuration.profiles.values():
        profile_values(each, configuration)
    profile = chosen_profile(options, configuration)
    if options.profile:
        named = InForce(key="profile", value=profile.name, source="--profile")
    else:
        source = _line(configuration, "profile") if profile.name else "default"
        named = InForce(key="profile", value=profile.name or "none", source=source)
    found = [_model_in_force(options, configuration, profile, start_model), named]
    for key, value in profile.values.items():
        if key != "model":
            found.append(InForce(key=key, value=value, source=_line(configuration, key, profile.name)))
    return (*found, *_others_in_force(configuration))


def _others_in_force(configuration: Configuration) -> Iterator[InForce]:
    from engine.search.store import MAX_CACHED_BYTES  # not before the first paint

    for key, default in (
        ("graphics", "auto"),
        ("theme", "textual-dark"),
        ("first", "varied"),
        ("ahead", "auto"),
        ("draft", False),
        ("picture_memory", MAX_CACHED_BYTES // 2**20),
        ("keep_alive", "0"),
    ):
        value = getattr(configuration, key)
        is_set = value not in ("", None)
        source = _line(configuration, key) if is_set else "default"
        yield InForce(key=key, value=value if is_set else default, source=source)


def _stay(configuration: Configuration) -> dict[str, object]:
    """Return how long a worker stays, as an option; empty where the file does not say."""
    return {} if configuration.keep_alive is None else {"keep_alive": seconds_of(configuration.keep_alive)}


def _model_in_force(options: Options, configuration: Configuration, profile: Profile, start_model: str) -> InForce:
    if options.is_given("model"):
        return InForce(key="model", value=options.model, source="--model")
    if "model" in profile.values:
        source = _line(configuration, "model", profile.name)
        return InForce(key="model", value=profile.values["model"], source=source)
    if configuration.model:
        return InForce(key="model", value=configuration.model, source=_line(configuration, "model"))
    if start_model:
        return InForce(key="model", value=start_model, source="chosen on the start screen; in the app only")
    return InForce(key="model", value="embedded", source="default")


def _line(configuration: Configuration, key: str, profile: str = "") -> str:
    lines = configuration.profiles[profile].lines if profile else configuration.lines
    where = f"line {lines[key]}" if key in lines else "configuration file"
    return f"{where}, profile {profile}" if profile else where


def _without_file(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if key not in (*_OF_THE_FILE, "model")}


def _scheduler(value: object) -> object:
    from engine.models.schedulers import scheduler_settings  # the first paint does not wait for it

    scheduler_settings(str(value))
    return value


def _in_range(field: str) -> Callable[[object], object]:
    """Return a check that the settings of a picture may have such a value."""

    def check(value: object) -> object:
        from engine.rendering.settings import RenderSettings

        settings = RenderSettings(prompt="", width=64, height=64, num_inference_steps=1, guidance_scale=0.0)
        replace(settings, **{field: value})  # type: ignore[arg-type]
        return value

    return check


def _size(value: object) -> object:
    from engine.rendering.settings import RenderSettings

    width, height = parse_size(str(value))
    RenderSettings(prompt="", width=width, height=height, num_inference_steps=1, guidance_scale=0.0)
    return width, height


def _one_of(key: str, choices: Callable[[], tuple[str, ...]]) -> Callable[[object], object]:
    def check(value: object) -> object:
        if value not in choices():
            raise InvalidRequestError(f"{key} is one of {', '.join(choices())}, found {value!r}")
        return value

    return check


def _memories() -> tuple[str, ...]:
    from engine.models.memory import Memory

    return tuple(Memory)


def _styles() -> tuple[str, ...]:
    from engine.rendering.settings import PromptStyle

    return tuple(PromptStyle)


_CHECKS: Mapping[str, Callable[[object], object]] = MappingProxyType(
    {
        "prediction": lambda value: parse_prediction(str(value)),
        "loras": lambda value: value or ("none",),  # an empty list asks for none, an option left out for the picture's
        "steps": _in_range("num_inference_steps"),
        "guidance": _in_range("guidance_scale"),
        "clip_skip": _in_range("clip_skip"),
        "negative": _in_range("negative_prompt"),
        "scheduler": _scheduler,
        "size": _size,
        "prompt_style": _one_of("prompt_style", _styles),
        "memory": _one_of("memory", _memories),
        "dtype": _one_of("dtype", lambda: DTYPES),
    }
)
"""Checks of values, with the functions that check options; a value without one is checked where it is used."""
