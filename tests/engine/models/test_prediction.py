"""What a model predicts: from its keys, from the user, guessed for Stable Diffusion 2; and what pictures record."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.models.find import (
    find_model,
    model_identity,
    recorded_model,
    remember_model,
    same_weights,
    with_recorded_prediction,
)
from engine.models.notices import model_notices
from engine.models.prediction import Prediction, Schedule, prediction_of
from engine.models.resolve import defaults_of, resolve_model
from engine.models.shipped import config_folder
from engine.rendering.requests import ModelChoice
from tests.support.engine.folders import tensors
from tests.support.engine.headers import checkpoint

V, EPSILON = "v_prediction", "epsilon"


def choice_of(file: Path, prediction: str = "") -> ModelChoice:
    return resolve_model(str(file), prediction=prediction)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ((), Prediction()),
        (("v_pred",), Prediction(kind=V)),
        (("v_pred", "ztsnr"), Prediction(kind=V, schedule=Schedule.ZERO_SNR)),
        (("ztsnr",), Prediction(schedule=Schedule.ZERO_SNR)),
        (("edm_mean", "edm_std"), Prediction(schedule=Schedule.EDM)),
        (("edm_mean",), Prediction()),
        (("edm_vpred.sigma_max", "edm_vpred.sigma_min"), Prediction(schedule=Schedule.EDM_V)),
    ],
)
def test_keys_say_it(tmp_path: Path, keys: tuple[str, ...], expected: Prediction) -> None:
    assert prediction_of(choice_of(checkpoint(tmp_path / "mix.safetensors", "SDXL", more=keys))) == expected


def test_the_user_decides_over_keys(tmp_path: Path) -> None:
    plain = checkpoint(tmp_path / "mix.safetensors", "SDXL")
    marked = checkpoint(tmp_path / "noob.safetensors", "SDXL", more=("v_pred", "ztsnr"))
    assert prediction_of(choice_of(plain, V)) == Prediction(kind=V, is_recorded=True)
    assert prediction_of(choice_of(marked, V)) == Prediction(kind=V, schedule=Schedule.ZERO_SNR)
    assert prediction_of(choice_of(marked, EPSILON)) == Prediction(kind=EPSILON, is_recorded=True)


@pytest.mark.parametrize(
    ("name", "kind", "side", "why"),
    [
        ("v2-1_768-ema-pruned", V, 768, "v is assumed, as most models of Stable Diffusion 2 do"),
        ("illuminati_v11", V, 768, "v is assumed, as most models of Stable Diffusion 2 do"),
        ("v2-1_512-ema-pruned", EPSILON, 512, "epsilon (the noise) is assumed, because of its name"),
        ("512-base-ema", EPSILON, 512, "epsilon (the noise) is assumed, because of its name"),
        ("sd21-base", EPSILON, 512, "epsilon (the noise) is assumed, because of its name"),
        ("base_v-pred", V, 768, "v is assumed, as most models of Stable Diffusion 2 do"),
        ("database", V, 768, "v is assumed, as most models of Stable Diffusion 2 do"),
    ],
)
def test_stable_diffusion_2_is_guessed_by_name_and_it_is_said(
    tmp_path: Path, name: str, kind: str, side: int, why: str
) -> None:
    choice = choice_of(checkpoint(tmp_path / f"{name}.safetensors", "Stable Diffusion 2"))
    other = "v" if kind == EPSILON else "epsilon"
    notice = (
        f"{name}.safetensors does not tell what it predicts; {why}: if the pictures are noise, add --prediction {other}"
    )
    assert prediction_of(choice) == Prediction(kind=kind, is_recorded=True, notice=notice)
    assert model_notices(choice) == (notice,)
    assert (defaults_of(choice).width, defaults_of(choice).height) == (side, side)
    assert model_notices(replace(choice, prediction=kind)) == ()


def test_a_yaml_file_beside_it_decides(tmp_path: Path) -> None:
    choice = choice_of(checkpoint(tmp_path / "512-mix.safetensors", "Stable Diffusion 2"))
    yaml = tmp_path / "512-mix.yaml"
    yaml.write_text('model:\n  params:\n    parameterization: "v"\n    linear_start: 0.00085\n')
    assert prediction_of(choice).kind == V
    assert "v is assumed, as the .yaml file beside it says" in prediction_of(choice).notice
    yaml.write_text("model:\n  params:\n    parameterization: v  # as of 768\n")
    assert prediction_of(choice).kind == V
    yaml.write_text("model:\n  params:\n    linear_start: 0.00085\n")
    assert prediction_of(choice).kind == EPSILON
    assert "epsilon (the noise) is assumed, as the .yaml file beside it says" in prediction_of(choice).notice
    yaml.write_text("notes: of somebody\n")
    assert "because of its name" in prediction_of(choice).notice, "it describes no model"


def test_a_yaml_file_can_say_v_of_the_other_families_too(tmp_path: Path) -> None:
    choice = choice_of(checkpoint(tmp_path / "easy.safetensors", "Stable Diffusion 1"))
    (tmp_path / "easy.yaml").write_text("model:\n  params:\n    parameterization: v\n")
    assert prediction_of(choice) == Prediction(
        kind=V,
        is_recorded=True,
        notice="easy.safetensors does not tell what it predicts; v is assumed, as the .yaml file beside it says: "
        "if the pictures are noise, add --prediction epsilon",
    )
    (tmp_path / "easy.yaml").write_text("model:\n  params:\n    linear_start: 0.00085\n")
    assert prediction_of(choice) == Prediction()


@pytest.mark.parametrize(("said", "kind"), [("v", V), ("epsilon", EPSILON), ("V_Prediction", V)])
def test_metadata_say_it(tmp_path: Path, said: str, kind: str) -> None:
    file = checkpoint(tmp_path / "512.safetensors", "Stable Diffusion 2", metadata={"modelspec.prediction_type": said})
    assert prediction_of(choice_of(file)) == Prediction(kind=kind), "nothing is guessed, and the file itself tells it"


def test_a_flow_predicts_neither(tmp_path: Path) -> None:
    flow = shutil.copytree(config_folder("Z-Image"), tmp_path / "z-image")
    for part in ("transformer", "vae", "text_encoder"):
        tensors(flow / part / "model.safetensors")
    assert resolve_model(str(flow)).prediction == ""
    with pytest.raises(ModelError) as caught:
        resolve_model(str(flow), prediction=V)
    assert str(caught.value) == "'z-image' follows a flow from noise to picture: leave out --prediction"


def test_the_model_that_ships_predicts_what_the_user_says_and_is_found_again() -> None:
    choice = resolve_model("", prediction=EPSILON)
    identity = model_identity(choice)
    assert identity["prediction"] == EPSILON
    assert find_model(identity) == choice
    assert find_model(model_identity(resolve_model(""))) == resolve_model("")


def test_the_other_families_are_not_guessed(tmp_path: Path) -> None:
    choice = choice_of(checkpoint(tmp_path / "512-base.safetensors", "Stable Diffusion 1"))
    assert prediction_of(choice) == Prediction()
    assert "prediction" not in model_identity(choice)
    assert (defaults_of(choice).width, defaults_of(choice).height) == (512, 512)


def test_a_picture_records_a_guess_and_brings_it_back(tmp_path: Path) -> None:
    file = checkpoint(tmp_path / "512-base.safetensors", "Stable Diffusion 2")
    choice = choice_of(file)
    identity = model_identity(choice)
    assert identity["prediction"] == EPSILON
    remember_model(choice, identity)
    found = recorded_model(identity)
    assert found == replace(choice, prediction=EPSILON)
    assert model_notices(found) == (), "nothing is guessed any more"
    assert model_identity(found) == identity
    renamed = choice_of(file.rename(tmp_path / "other.safetensors"))
    assert prediction_of(renamed).kind == V
    assert with_recorded_prediction(renamed, identity).prediction == EPSILON
    assert with_recorded_prediction(replace(renamed, prediction=V), identity).prediction == V, "the user decides"
    assert not same_weights(identity, {**identity, "prediction": V})


def test_a_folder_predicts_what_the_user_says(folder: Path) -> None:
    choice = resolve_model(str(folder), prediction=V)
    assert prediction_of(choice) == Prediction(kind=V, is_recorded=True)
    assert model_identity(choice)["prediction"] == V
    assert "prediction" not in model_identity(resolve_model(str(folder)))
