"""Every pipeline class of the installed diffusers is taken, or refused in words before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import diffusers
import pytest

from engine.diffusion.load import text_to_image_problem
from engine.errors import ModelError
from engine.models.look import check_pipeline
from engine.models.pipelines import needed_package, other_use
from engine.models.resolve import resolve_model
from tests.support.engine.folders import change_index, model_folder
from tests.support.engine.pipeline_classes import SIGNATURES, TABLE, class_names, signatures_text, table_text

AGAIN = "run python -m tests.support.engine.pipeline_classes"


def problem_of(pipeline: str) -> str:
    try:
        check_pipeline(pipeline, "it")
    except ModelError as error:
        return str(error)
    return ""


def test_no_class_is_refused_by_its_signature_alone() -> None:
    """So that all are refused without torch."""
    unexplained = [
        name for name in class_names() if not other_use(name) and text_to_image_problem(getattr(diffusers, name))
    ]
    assert unexplained == []


@pytest.mark.parametrize(
    ("pipeline", "what"),
    [
        ("AceStepPipeline", "makes sound"),
        ("AudioLDM2Pipeline", "makes sound"),
        ("AudioLDMPipeline", "makes sound"),
        ("MusicLDMPipeline", "makes sound"),
        ("StableAudioPipeline", "makes sound"),
        ("StableAudio3Pipeline", "makes sound"),
        ("LongCatAudioDiTPipeline", "makes sound"),
        ("ShapEPipeline", "makes 3D objects"),
        ("WanPipeline", "makes videos"),
        ("WanAnimatePipeline", "makes videos"),
        ("LattePipeline", "makes videos"),
        ("SomethingNewVideoPipeline", "makes videos"),
        ("KandinskyPriorPipeline", "is only the first of two stages, which makes no picture itself"),
        ("StableCascadePriorPipeline", "is only the first of two stages, which makes no picture itself"),
        ("HunyuanImageRefinerPipeline", "is only the second of two stages, which needs the result of the first"),
        ("StableCascadeDecoderPipeline", "is only the second of two stages, which needs the result of the first"),
        ("StableUnCLIPPipeline", "works in two stages, which warmer cannot do"),
        ("Kandinsky5I2IPipeline", "needs an image as well as a text"),
        ("FluxControlPipeline", "needs an image as well as a text"),
        ("StableDiffusionAdapterPipeline", "needs an image as well as a text"),
        ("Flux3ModularPipeline", "is put together from blocks (a modular pipeline), which warmer cannot do"),
        ("StableDiffusionLDM3DPipeline", "makes pictures with their depth"),
        ("AmusedPipeline", "draws a picture in tokens, so that there is no noise to vary"),
    ],
)
def test_a_class_is_refused_in_one_sentence(pipeline: str, what: str) -> None:
    assert problem_of(pipeline) == f"'it' ({pipeline}) {what}: a text-to-image model is needed"


def test_a_class_is_refused_without_the_package_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    names = class_names()  # diffusers imports its pipelines for it, and asks for packages as it does so
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)  # noqa: ARG005
    assert problem_of("KolorsPipeline") == (
        "'it' (KolorsPipeline) needs the Python package sentencepiece: install it beside warmer, "
        "for example with pip install sentencepiece"
    )
    assert problem_of("FluxPipeline") == ""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    assert problem_of("KolorsPipeline") == ""
    assert {needed_package(name) for name in names} == {
        "",
        "cosmos_guardrail",
        "ftfy",
        "sentencepiece",
        "torchvision",
    }


def test_a_modular_folder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "flux3"
    folder.mkdir()
    (folder / "modular_model_index.json").write_text(json.dumps({"_class_name": "Flux3ModularPipeline"}))
    with pytest.raises(ModelError) as caught:
        resolve_model(str(folder))
    assert str(caught.value) == (
        "'flux3' is not a diffusers folder: it has no model_index.json; modular_model_index.json describes a pipeline "
        "that is put together from blocks, which warmer cannot do"
    )


def test_guiders_have_their_own_file_and_settings_are_no_components(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "hunyuan")
    change_index(folder, guider=["diffusers", "AdaptiveProjectedMixGuidance"], layers=[1, 2], patch_size=2)
    (folder / "guider").mkdir()
    with pytest.raises(ModelError) as caught:
        resolve_model(str(folder))
    assert str(caught.value) == (
        "the download is not complete: guider/guider_config.json is missing; download it again"
    )
    (folder / "guider" / "guider_config.json").write_text("{}")
    assert resolve_model(str(folder)).name == "hunyuan"


@pytest.mark.slow
def test_the_table_and_the_signatures_say_what_is_so() -> None:
    assert TABLE.read_text("utf-8") == table_text(), AGAIN
    assert SIGNATURES.read_text("utf-8") == signatures_text(), AGAIN
