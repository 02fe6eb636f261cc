"""LoRA files, quantisation and attention that a picture records are used again, unless options override them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.fake import FakeRenderer
from engine.models.find import remember_model
from engine.rendering.requests import LoraChoice
from latentpng.png.files import embed_record, read_record
from latentpng.reports.edits import edit_text
from tests.support.engine.folders import tensors
from tests.support.engine.headers import AE, CLIP_L, FLUX, T5, VAE, checkpoint, write_header
from tests.support.latentpng.pictures import altered
from tests.support.tui.scripting import warmer


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a new picture."""
    path = tmp_path / "start.png"
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", path)
    return path


def test_a_picture_gets_its_lora_again_unless_a_different_one_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lora = tensors(tmp_path / "style.safetensors", ("lora_up.weight",))
    other = tensors(tmp_path / "other.safetensors", ("lora_up.weight",), byte=b"\2")
    path = tmp_path / "styled.png"
    renderer = FakeRenderer()
    warmer("new", "--prompt", "p", "--seed", 7, "--lora", f"{lora}:0.5", "--out", path, renderer=renderer)
    assert renderer.loads[-1].model.loras == (LoraChoice(path=str(lora), weight=0.5),)
    with pytest.raises(
        ModelError, match=r"with the LoRA 'style' at the weight 0.5, which is not known on this machine: name its file"
    ):
        warmer("render", path, "--out", tmp_path / "again.png")
    remember_model(renderer.loads[-1].model, {})
    for arguments, loras, words in (
        ((), (LoraChoice(path=str(lora), weight=0.5),), ""),
        (("--lora", "none"), (), "LoRA style at 0.5 then, none now"),
        (
            ("--lora", other, "--lora", f"{lora}:2"),
            (LoraChoice(path=str(other)), LoraChoice(path=str(lora), weight=2.0)),
            "LoRA style at 0.5 then, other at 1.0 and style at 2.0 now",
        ),
    ):
        renderer = FakeRenderer()
        capsys.readouterr()
        warmer("render", path, "--check", *arguments, renderer=renderer)
        assert renderer.loads[-1].model.loras == loras
        said = capsys.readouterr().out.splitlines()
        assert said == [f"{path}: bit-exact" + (f", although {words}" if words else "")]
    warmer("render", path, "--lora", "none", "--out", tmp_path / "bare.png")
    words = "some conditions differ from when this picture was made: LoRA style at 0.5 then, none now"
    assert capsys.readouterr().err == f"{path}: {words}\n"
    warmer("vary", path, "--lora", "none", "--count", 1, "--out", tmp_path / "varied")
    assert capsys.readouterr().err == f"{words}\n"
    (edit,) = read_record(tmp_path / "bare.png").lineage.rounds
    assert edit_text(edit.settings, edit.before) == "edit: LoRA: style at 0.5 -> (none)"
    assert read_record(tmp_path / "varied" / "styled-r2-0.png").lineage.rounds[0] == edit


def test_recorded_quantisation_and_attention_are_requested_again(tmp_path: Path, picture: Path) -> None:
    record = read_record(picture)
    model = record.settings["model"]
    assert isinstance(model, dict)
    settings = {**record.settings, "model": {**model, "quantised": "8bit"}}
    embed_record(picture, altered(record, settings=settings, software={"device": "cuda", "attention": "sage"}))
    for arguments, memory in ((), "8bit"), (("--memory", "resident"), "resident"):
        renderer = FakeRenderer()
        warmer("render", picture, "--out", tmp_path / f"{memory}.png", *arguments, renderer=renderer)
        request = renderer.loads[-1]
        assert (request.memory, request.attention, request.attention_then) == (memory, "auto", "sage")


def test_recorded_guidance_rescale_is_used_again(tmp_path: Path, picture: Path) -> None:
    record = read_record(picture)
    embed_record(picture, altered(record, settings={**record.settings, "guidance_rescale": 0.5}))
    renderer = FakeRenderer()
    warmer("render", picture, "--out", tmp_path / "again.png", renderer=renderer)
    assert renderer.jobs[-1].settings.guidance_rescale == 0.5


def test_blocks_are_compiled_only_with_the_option(tmp_path: Path, picture: Path) -> None:
    embed_record(picture, altered(read_record(picture), software={"device": "fake", "compiled": True}))
    for arguments, compiled in ((), False), (("--compile",), True):
        renderer = FakeRenderer()
        warmer("render", picture, "--out", tmp_path / f"{compiled}.png", *arguments, renderer=renderer)
        assert renderer.loads[-1].compile is compiled


def test_a_check_reports_that_a_picture_was_compiled(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    embed_record(picture, altered(read_record(picture), software={"device": "fake", "compiled": True}))
    warmer("render", picture, "--check")
    assert capsys.readouterr().out == f"{picture}: bit-exact, although compiled then, not now\n"


def test_what_was_guessed_of_a_model_is_said_recorded_and_not_guessed_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = checkpoint(tmp_path / "512-base.safetensors", "Stable Diffusion 2")
    guess = (
        "512-base.safetensors does not tell what it predicts; epsilon (the noise) is assumed, because of its name: "
        "if the pictures are noise, add --prediction v\n"
    )
    new, path = ("new", "--prompt", "p", "--seed", 7, "--model"), tmp_path / "a.png"
    warmer(*new, file, "--out", path)
    assert capsys.readouterr().err == guess
    recorded = read_record(path).settings["model"]
    assert isinstance(recorded, dict)
    assert recorded["prediction"] == "epsilon"
    assert (read_record(path).settings["width"], read_record(path).settings["height"]) == (512, 512)
    renamed = file.rename(tmp_path / "other.safetensors")
    renderer = FakeRenderer()
    warmer("render", path, "--model", renamed, "--out", tmp_path / "b.png", renderer=renderer)
    assert renderer.loads[-1].model.prediction == "epsilon"
    assert "does not tell" not in capsys.readouterr().err
    warmer(*new, renamed, "--prediction", "v", "--out", tmp_path / "c.png")
    assert capsys.readouterr().err == ""
    renamed.rename(file)
    remember_model(replace(renderer.loads[-1].model, path=str(file)), recorded)
    renderer = FakeRenderer()
    warmer("render", path, "--prediction", "v", "--out", tmp_path / "d.png", renderer=renderer)
    assert renderer.loads[-1].model.prediction == "v_prediction", "the user decides, also without --model"


def test_a_vae_that_seems_to_be_of_another_family_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = checkpoint(tmp_path / "anime.safetensors", "Stable Diffusion 1")
    vae = write_header(tmp_path / "sdxl_vae.safetensors", VAE)
    warmer("new", "--prompt", "p", "--model", file, "--vae", vae, "--out", tmp_path / "a.png")
    assert capsys.readouterr().err == (
        "the VAE sdxl_vae.safetensors seems to be one of SDXL, but 'anime' needs one of Stable Diffusion: "
        "the pictures will have wrong colours, unless only its name is misleading\n"
    )


def test_a_picture_gets_the_text_encoders_of_its_model_again_unless_others_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, vae = write_header(tmp_path / "flux1-dev.safetensors", FLUX), write_header(tmp_path / "ae.safetensors", AE)
    clip, t5 = write_header(tmp_path / "clip_l.safetensors", CLIP_L), write_header(tmp_path / "t5.safetensors", T5)
    other = write_header(tmp_path / "t5_fp8.safetensors", {**T5, "scaled_fp8": (0,)})
    path, renderer = tmp_path / "a.png", FakeRenderer()
    named = ("--text-encoder", t5, "--text-encoder", clip, "--vae", vae)
    warmer("new", "--prompt", "p", "--seed", 7, "--model", model, *named, "--out", path, renderer=renderer)
    choice = renderer.loads[-1].model
    assert (choice.text_encoders, choice.vae) == ((str(clip), str(t5)), str(vae))
    identity = read_record(path).settings["model"]
    assert isinstance(identity, dict)
    remember_model(choice, identity)
    capsys.readouterr()
    renderer = FakeRenderer()
    warmer("render", path, "--check", renderer=renderer)
    assert renderer.loads[-1].model == choice
    assert capsys.readouterr().out == f"{path}: bit-exact\n"
    renderer = FakeRenderer()
    warmer(
        "render", path, "--text-encoder", other, "--text-encoder", clip, "--out", tmp_path / "b.png", renderer=renderer
    )
    assert renderer.loads[-1].model == replace(choice, text_encoders=(str(clip), str(other)))
    moved = t5.rename(tmp_path / "moved.safetensors")
    with pytest.raises(ModelError) as caught:
        warmer("render", path, "--out", tmp_path / "c.png")
    assert str(caught.value) == (
        "this picture was made with the text encoder 't5.safetensors', which is not there any more: "
        "give the files of all text encoders with --text-encoder"
    )
    renderer = FakeRenderer()
    warmer("render", path, "--check", "--text-encoder", moved, "--text-encoder", clip, renderer=renderer)
    assert renderer.loads[-1].model == replace(choice, text_encoders=(str(clip), str(moved)))
    assert capsys.readouterr().err == (
        f"{path}: some conditions differ from when this picture was made: model flux1-dev then, flux1-dev now "
        "(the weights differ)\n"
    )
