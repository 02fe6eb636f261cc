"""What makes the initial noise of another tool's picture impossible, or too uncertain, to rebuild.

Each refusal is one sentence that names the reason. It names an option only where that option helps: a person may know
what is merely likely, but nobody can choose what is impossible. What is only worth knowing stands in `cautions.py`.
"""

from __future__ import annotations

from latentpng.errors import InvalidValueError
from latentpng.foreign.choices import Choices
from latentpng.foreign.noise.latents import FACTORS, Latent, family_of, latent_of_model
from latentpng.foreign.noise.recipes import COPIED_TEXTS, RECIPES, known_recipes
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.services import service_behind, service_by_model
from latentpng.foreign.tools import loose
from latentpng.text import plain

_SERVICE = "service"
_NO_TOOL = frozenset({"", "unknown"})
_NEGATIVE_SEEDS = frozenset({*_NO_TOOL, "a1111", "forge", "sdnext", "huggingface", "imaginairy"})
"""Tools that draw from negative seeds too, except -1."""
_MAX_NAME = 80  # characters of a name in a sentence
_MAX_CLAUSE = 300
_KNOWN_CHANNELS = ", ".join(map(str, FACTORS))
_CORE_ML = Latent(channels=4, factor=8)
"""The latent of the models that Mochi Diffusion runs by Apple's Core ML Stable Diffusion."""
_SAYS_NOTHING = "and services do not say how they draw their noise"
_OWN_GENERATORS = {"mflux": "mflux draws its noise with the generator of Apple's MLX, which is not rebuilt here"}
"""Tools whose generator is none of ours, so that no recipe gives their noise."""
_SEVERAL_ENGINES = "Easy Diffusion has several engines that draw differently, and the file does not name one"
_CLOSED_SITES = frozenset(
    {
        *("tensorart", "tensor.art", "tusi", "seaart", "pixai", "yodayo", "moescape", "nightcafe", "mage", "openart"),
        *("dreamstudio", "playground", "getimg.ai", "novita", "perchance", "leonardo", "leonardo.ai"),
    }
)
"""Sites by `made_by` or `tool`, in lower case, that use open models and do not say how they draw."""


def refuse(record: ForeignRecord, choices: Choices) -> None:
    """Raise the first reason for which noise cannot be rebuilt; return when there is none.

    Args:
        record: What the file says.
        choices: What a person knows besides.

    Raises:
        InvalidValueError: The noise cannot be known; the message is one sentence that names the reason.
    """
    for look in (_impossible, _without_seed, _unknown_tool, _unknown_latent):
        if reason := look(record, choices):
            raise InvalidValueError(reason)


def _impossible(record: ForeignRecord, choices: Choices) -> str:
    """Return why no choice can help; "" when nothing is known."""
    del choices
    if record.tool == _SERVICE:
        return f"{plain(record.made_by, _MAX_NAME) or 'a service'} made this picture, {_SAYS_NOTHING}"
    if name := service_behind(record):
        return f"the service behind {plain(name, _MAX_NAME)} made this picture, {_SAYS_NOTHING}"
    if record.unknown_noise:
        return f"its noise cannot be rebuilt: {plain(record.unknown_noise, _MAX_CLAUSE)}"
    if record.channels and record.channels not in FACTORS:
        return f"its latent has {record.channels} channels, and only {_KNOWN_CHANNELS} are known"
    if record.tool == "mochi" and (latent_of_model(record.model) or _CORE_ML) != _CORE_ML:
        model = plain(record.model, _MAX_NAME)
        return f"Mochi Diffusion draws the noise of {model} with an engine that is not rebuilt here"
    return _OWN_GENERATORS.get(record.tool, "")


def _without_seed(record: ForeignRecord, choices: Choices) -> str:
    if record.seed is None:
        known = choices.tool or record.tool not in _NO_TOOL
        reason = "the metadata contains no seed" if known else "no metadata of a known tool was found"
        notes = record.notes if record.tool in _NO_TOOL else ()
        return "; ".join((reason, *(plain(note, _MAX_CLAUSE) for note in notes)))
    if record.seed == -1 or (record.seed < 0 and record.tool not in _NEGATIVE_SEEDS):
        seed = plain(str(record.seed), _MAX_NAME)
        return f"the metadata contains no seed: {seed} only says that the tool was to choose one"
    return ""


def _unknown_tool(record: ForeignRecord, choices: Choices) -> str:
    if choices.tool:
        return ""
    if record.tool in _NO_TOOL:
        return f"no metadata of a known tool was found: name the tool with --as, one of {known_recipes()}"
    site = record.made_by or record.tool
    if record.tool == "easydiffusion":
        return f"{_SEVERAL_ENGINES}: choose a recipe with --as, one of {known_recipes()}"
    if (record.tool in COPIED_TEXTS or record.tool not in RECIPES) and site.strip().casefold() in _CLOSED_SITES:
        told = f"{plain(site, _MAX_NAME)} has not published how it draws its noise"
        return f"{told}: choose a recipe with --as, one of {known_recipes()}"
    if name := service_by_model(record):
        named = f"the file names {plain(name, _MAX_NAME)}, a model of a service, {_SAYS_NOTHING}"
        return f"{named}; if it is a model of your own, choose a recipe with --as, one of {known_recipes()}"
    return ""


def _unknown_latent(record: ForeignRecord, choices: Choices) -> str:
    if choices.channels:
        return ""
    how = f"say its channels with --channels, one of {_KNOWN_CHANNELS}"
    if record.channels:
        return ""
    pipeline = loose.text(dict(record.extra).get("Pipeline")) if record.tool == "sdnext" else ""
    for name in filter(None, (pipeline, record.model)):
        if family := family_of(name):
            found = f"{plain(name, _MAX_NAME)} is {family.noun}, {family.problem}"
            return f"{found}; if this picture has a latent of its own, {how}"
    if pipeline and latent_of_model(pipeline) is None:
        return f"which latent the pipeline {plain(pipeline, _MAX_NAME)} works on is not known: {how}"
    return ""
