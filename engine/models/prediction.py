"""What a model predicts at each step (the noise, or v), as far as its files tell.  No torch.

A file can say it by tensors that are no weights: `v_pred`, and `ztsnr` for a noise schedule that ends in pure noise;
`edm_mean`, or `edm_vpred.sigma_max`, for the schedules of EDM.  Files of Stable Diffusion 2 say nothing: the model of
512 pixels predicts the noise, the one of 768 pixels v, and their tensors have the same names and shapes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.models.contents import contents_of
from engine.models.shipped import family_of
from engine.models.weights import WeightFile, read_weights
from engine.rendering.requests import ModelChoice

EPSILON, V_PREDICTION = "epsilon", "v_prediction"
_NOISE_IN_THE_NAME = re.compile(r"512|(?<![a-z])base(?![a-z])|(?<![a-z])eps(ilon)?(?![a-z])")
_V_IN_THE_NAME = re.compile(r"768|(?<![a-z])v[-_ ]?pred")
_V_IN_THE_YAML = re.compile(r"""parameterization:\s*["']?v["']?\s*$""", re.MULTILINE)
_MAX_YAML = 100_000


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
    is_open = not said.kind and family_of(choice.config) == "Stable Diffusion 2"
    return _guessed(file) if is_open and contents_of(file).family == "Stable Diffusion 2" else said


def _said_by(file: WeightFile) -> Prediction:
    names = file.tensors
    if "edm_vpred.sigma_max" in names:
        return Prediction(schedule=Schedule.EDM_V)
    if "edm_mean" in names and "edm_std" in names:
        return Prediction(schedule=Schedule.EDM)
    schedule = Schedule.ZERO_SNR if "ztsnr" in names else Schedule.PLAIN
    return Prediction(kind=V_PREDICTION if "v_pred" in names else "", schedule=schedule)


def _guessed(file: WeightFile) -> Prediction:
    """Guess for a file of Stable Diffusion 2, by the .yaml file that A1111 wants beside it, else by its name."""
    yaml, name = _yaml_of(file.path), file.path.stem.casefold()
    if yaml:
        kind, why = (V_PREDICTION if _V_IN_THE_YAML.search(yaml) else EPSILON), "as the .yaml file beside it says"
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
    """The text of the .yaml file beside a model, "" without one."""
    try:
        with path.with_suffix(".yaml").open(encoding="utf-8", errors="replace") as file:
            return file.read(_MAX_YAML)
    except OSError:
        return ""
