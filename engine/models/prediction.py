"""What a model predicts at each step (the noise, or v), as far as its files tell.  No torch.

A file can say it by tensors that are no weights (`v_pred`, and `ztsnr` for a noise schedule that ends in pure noise;
`edm_mean`, or `edm_vpred.sigma_max`, for the schedules of EDM), or by its metadata; or a .yaml file beside it says it,
as A1111 reads it.  Most files of Stable Diffusion 2 say nothing: the model of 512 pixels predicts the noise, that of
768 pixels v, and their tensors have the same names and shapes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.errors import ModelError
from engine.models.index_file import components_of, read_index
from engine.models.shipped import family_of
from engine.models.weights import WeightFile, read_weights
from engine.paths import open_regular
from engine.rendering.requests import ModelChoice

EPSILON, V_PREDICTION = "epsilon", "v_prediction"
_NOISE_IN_THE_NAME = re.compile(r"512|(?<![a-z])base(?![a-z])|(?<![a-z])eps(ilon)?(?![a-z])")
_V_IN_THE_NAME = re.compile(r"768|(?<![a-z])v[-_ ]?pred")
_MODEL_IN_THE_YAML = re.compile(r"^\s*(linear_start|parameterization):", re.MULTILINE)
_V_IN_THE_YAML = re.compile(r"""^\s*parameterization:\s*["']?v["']?\s*(#.*)?$""", re.MULTILINE)
_MAX_YAML = 100_000
_METADATA = "modelspec.prediction_type"
_IN_METADATA = {"epsilon": EPSILON, "v": V_PREDICTION, "v_prediction": V_PREDICTION}
_AMBIGUOUS = "Stable Diffusion 2"
_GUESSED = ("Stable Diffusion 1", _AMBIGUOUS, "SDXL")


class Schedule(StrEnum):
    """How a model's noise schedule differs from that of its family."""

    PLAIN = ""
    ZERO_SNR = "ends in pure noise"
    EDM = "EDM, as in Playground 2.5"
    EDM_V = "EDM with v-prediction, as in CosXL"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """What a model predicts.

    Attributes:
        kind: "epsilon" or "v_prediction"; "" for what its configuration says.
        schedule: How its noise schedule differs from that of its family.
        is_recorded: Whether a picture has to record `kind`, because the model's file alone does not tell it.
        notice: A sentence for the user if `kind` was guessed, "" otherwise.
    """

    kind: str = ""
    schedule: Schedule = Schedule.PLAIN
    is_recorded: bool = False
    notice: str = ""


def prediction_of(choice: ModelChoice) -> Prediction:
    """Return what a model predicts: what the user said, else what its file says, else a guess for Stable Diffusion 2.

    Args:
        choice: A model on this machine.

    Raises:
        ModelError: The file cannot be read.
    """
    if not choice.is_single_file:
        return Prediction(kind=choice.prediction, is_recorded=bool(choice.prediction))
    file = read_weights(Path(choice.path))
    said = _said_by(file)
    if choice.prediction:
        schedule = Schedule.PLAIN if choice.prediction == EPSILON and said.kind else said.schedule
        return Prediction(kind=choice.prediction, schedule=schedule, is_recorded=choice.prediction != said.kind)
    return said if said.kind or said.schedule is not Schedule.PLAIN else _guessed(file, family_of(choice.config))


def check_predicts(choice: ModelChoice) -> None:
    """Refuse a prediction that the user says of a model that follows a flow from noise to picture.

    Raises:
        ModelError: The model predicts neither the noise nor v.
    """
    classes = {name: class_name for name, _, class_name in components_of(read_index(choice.folder))}
    if choice.prediction and classes.get("scheduler", "").startswith("FlowMatch"):
        raise ModelError(f"{choice.name!r} follows a flow from noise to picture: leave out --prediction")


def _said_by(file: WeightFile) -> Prediction:
    names = file.tensors
    if "edm_vpred.sigma_max" in names:
        return Prediction(schedule=Schedule.EDM_V)
    if "edm_mean" in names and "edm_std" in names:
        return Prediction(schedule=Schedule.EDM)
    schedule = Schedule.ZERO_SNR if "ztsnr" in names else Schedule.PLAIN
    kind = V_PREDICTION if "v_pred" in names else _IN_METADATA.get(file.metadata.get(_METADATA, "").casefold(), "")
    return Prediction(kind=kind, schedule=schedule)


def _guessed(file: WeightFile, family: str) -> Prediction:
    """Guess by the .yaml file that A1111 wants beside a model; for Stable Diffusion 2 without one, by the file's name.

    Args:
        file: A file that does not say it.
        family: Whose configuration ships and is used, "" for one that the user named, which is believed.
    """
    if family not in _GUESSED:
        return Prediction()
    yaml, name = _yaml_of(file.path), file.path.stem.casefold()
    says_v = bool(_V_IN_THE_YAML.search(yaml))
    if family != _AMBIGUOUS and not says_v:
        return Prediction()
    if yaml:
        kind, why = (V_PREDICTION if says_v else EPSILON), "as the .yaml file beside it says"
    elif _NOISE_IN_THE_NAME.search(name) and not _V_IN_THE_NAME.search(name):
        kind, why = EPSILON, "because of its name"
    else:
        kind, why = V_PREDICTION, "as most models of Stable Diffusion 2 do"
    other = "v" if kind == EPSILON else "epsilon"
    notice = (
        f"{file.path.name} does not tell what it predicts; {_word(kind)} is assumed, {why}: "
        f"if the pictures are noise, add --prediction {other}"
    )
    return Prediction(kind=kind, is_recorded=True, notice=notice)


def _word(kind: str) -> str:
    return "epsilon (the noise)" if kind == EPSILON else "v"


def _yaml_of(path: Path) -> str:
    """The text of the .yaml file beside a model, "" without one, or if it describes no model."""
    try:
        with open_regular(path.with_suffix(".yaml")) as file:
            text = file.read(_MAX_YAML).decode("utf-8", "replace")
    except OSError:
        return ""
    return text if _MODEL_IN_THE_YAML.search(text) else ""
