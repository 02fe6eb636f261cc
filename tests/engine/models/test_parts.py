"""Models in separate files: which file serves which part, what is found in a tree, and what is said when it is not.

Files are sparse and of the true shapes, and the configurations are those that ship.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter, quants

from engine.configuration.read import configuration_path
from engine.errors import ModelError
from engine.models.find import find_model, model_identity, remember_model
from engine.models.library import shown
from engine.models.look import look_at
from engine.models.resolve import resolve_model
from engine.rendering.requests import ModelChoice
from tests.support.engine import headers
from tests.support.engine.headers import AE, CLIP_L, FLUX, Shapes, t5, write_header

SD3: Shapes = {
    "joint_blocks.0.context_block.attn.qkv.weight": (4608, 1536),
    "joint_blocks.23.x_block.attn.proj.weight": (1536, 1536),
    "x_embedder.proj.weight": (1536, 16, 2, 2),
}
Z_IMAGE: Shapes = {"layers.0.adaLN_modulation.0.weight": (15360, 256), "cap_embedder.1.weight": (3840, 2560)}
SD_VAE: Shapes = {
    "decoder.conv_in.weight": (512, 4, 3, 3),
    "quant_conv.weight": (8, 8, 1, 1),
    "post_quant_conv.weight": (4, 4, 1, 1),
}


def qwen3(width: int = 2560, layers: int = 36) -> Shapes:
    shapes: Shapes = {"model.embed_tokens.weight": (151936, width)}
    for index in range(layers):
        shapes |= {
            f"model.layers.{index}.self_attn.q_proj.weight": (8, width),
            f"model.layers.{index}.self_attn.q_norm.weight": (128,),
        }
    return shapes


CLIP_G = headers.clip("", width=1280, layers=32)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A ComfyUI tree with all that Flux.1 needs, and files that only look like it by their names."""
    models = tmp_path / "ComfyUI" / "models"
    write_header(models / "diffusion_models" / "flux" / "flux1-dev.safetensors", FLUX)
    write_header(models / "clip" / "a.safetensors", CLIP_L)
    write_header(models / "clip" / "t5" / "b.safetensors", t5())
    write_header(models / "clip" / "clip_l_fake.safetensors", CLIP_G)
    write_header(models / "clip" / "t5xxl_small.safetensors", t5(width=512))
    write_header(models / "vae" / "c.safetensors", AE)
    write_header(models / "vae" / "ae_fake.safetensors", SD_VAE)
    (models / "clip" / "damaged.safetensors").write_bytes(b"\0" * 20)
    return models


def flux_in(tree: Path) -> str:
    return str(tree / "diffusion_models" / "flux" / "flux1-dev.safetensors")


def problem_of(model: str, *encoders: Path | str, other_vae: bool = False) -> str:
    with pytest.raises(ModelError) as caught:
        resolve_model(model, text_encoders=tuple(map(str, encoders)), other_vae=other_vae)
    return str(caught.value)


def test_the_parts_in_a_tree_are_told_by_their_headers(tree: Path) -> None:
    choice = resolve_model(flux_in(tree))
    assert choice == ModelChoice(
        path=flux_in(tree),
        name="flux1-dev",
        config=choice.config,
        text_encoders=(str(tree / "clip" / "a.safetensors"), str(tree / "clip" / "t5" / "b.safetensors")),
        vae=str(tree / "vae" / "c.safetensors"),
    )
    parts = look_at(choice).parts
    assert {name: part.file.path.name for name, part in parts.items()} == {
        "transformer": "flux1-dev.safetensors",
        "text_encoder": "a.safetensors",
        "text_encoder_2": "b.safetensors",
    }
    assert look_at(choice).parameter_counts["text_encoder_2"] == 32128 * 4096 + 24 * 8 * 4096


def test_one_file_in_two_folders_by_a_link_is_one_candidate(tree: Path) -> None:
    (tree / "text_encoders").symlink_to(tree / "clip", target_is_directory=True)
    assert resolve_model(flux_in(tree)).text_encoders == (
        str(tree / "clip" / "a.safetensors"),
        str(tree / "clip" / "t5" / "b.safetensors"),
    )


def test_parts_that_link_into_the_cache_of_the_hub_keep_their_names(tree: Path, tmp_path: Path) -> None:
    blob = (tree / "clip" / "a.safetensors").rename(tmp_path / "4f1c")
    (tree / "clip" / "clip_l.safetensors").symlink_to(blob)
    choice = resolve_model(flux_in(tree))
    assert choice.text_encoders[0] == str(tree / "clip" / "clip_l.safetensors")
    assert look_at(choice).parts["text_encoder"].file.path.suffix == ".safetensors"


def test_a_model_elsewhere_finds_its_parts_in_the_folders_of_the_library(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_header(tmp_path / "disk" / "flux1-dev.safetensors", FLUX)
    monkeypatch.setenv("HOME", str(tree.parents[1]))
    choice = resolve_model(str(model))
    assert [Path(file).name for file in (*choice.text_encoders, choice.vae)] == [
        "a.safetensors",
        "b.safetensors",
        "c.safetensors",
    ]


def test_several_candidates_are_listed_and_a_named_one_is_taken(tree: Path) -> None:
    second = write_header(tree / "clip" / "t5xxl_fp8.safetensors", t5())
    assert problem_of(flux_in(tree)) == (
        f"the text encoder T5-XXL can be any of {tree}/clip/t5/b.safetensors, {tree}/clip/t5xxl_fp8.safetensors: "
        "say which with --text-encoder"
    )
    assert resolve_model(flux_in(tree), text_encoders=(str(second),)).text_encoders == (
        str(tree / "clip" / "a.safetensors"),
        str(second),
    )
    write_header(tree / "vae" / "d.safetensors", AE)
    assert problem_of(flux_in(tree), second) == (
        f"the VAE can be any of {tree}/vae/c.safetensors, {tree}/vae/d.safetensors: say which with --vae"
    )
    assert resolve_model(flux_in(tree), text_encoders=(str(second),), other_vae=True).vae == ""


def test_a_vae_whose_name_speaks_for_another_family_is_no_candidate(tree: Path) -> None:
    write_header(tree / "vae" / "sd3_vae.safetensors", AE)
    assert resolve_model(flux_in(tree)).vae == str(tree / "vae" / "c.safetensors")


def test_a_missing_part_is_named_with_where_it_was_searched(tree: Path, tmp_path: Path) -> None:
    (tree / "clip" / "t5" / "b.safetensors").unlink()
    assert problem_of(flux_in(tree)) == (
        "flux1-dev.safetensors needs the text encoder T5-XXL, which it does not hold, and there is none in "
        f"{tree}/clip: give its file with --text-encoder (for example t5xxl_fp16.safetensors)"
    )
    alone = write_header(tmp_path / "alone" / "flux1-dev.safetensors", FLUX)
    assert problem_of(str(alone)) == (
        "flux1-dev.safetensors needs the text encoder CLIP-L, which it does not hold: "
        "give its file with --text-encoder (for example clip_l.safetensors)"
    )
    encoders = (write_header(tmp_path / "1.safetensors", CLIP_L), write_header(tmp_path / "2.safetensors", t5()))
    assert problem_of(str(alone), *encoders) == (
        "flux1-dev.safetensors needs a VAE, which it does not hold: give its file with --vae"
    )
    assert resolve_model(
        str(alone), text_encoders=(str(encoders[1]), str(encoders[0])), other_vae=True
    ).text_encoders == (
        str(encoders[0]),
        str(encoders[1]),
    )


def test_a_file_that_is_named_twice_counts_once(tree: Path) -> None:
    clip = str(tree / "clip" / "a.safetensors")
    assert resolve_model(flux_in(tree), text_encoders=(clip, clip)) == resolve_model(flux_in(tree))


def test_memory_is_planned_for_gguf_as_stored_and_for_the_rest_as_loaded(tree: Path) -> None:
    writer = GGUFWriter(str(tree / "diffusion_models" / "flux1-dev-Q8_0.gguf"), "flux")
    small = {name: np.zeros([min(side, 256) for side in shape], dtype=np.float32) for name, shape in FLUX.items()}
    for name, values in small.items():
        kind = GGMLQuantizationType.Q8_0
        if values.ndim == 2:
            writer.add_tensor(name, quants.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    files = look_at(resolve_model(str(tree / "diffusion_models" / "flux1-dev-Q8_0.gguf")))
    stored = (tree / "diffusion_models" / "flux1-dev-Q8_0.gguf").stat().st_size
    counts = files.parameter_counts
    assert counts["transformer"] == sum(values.size for values in small.values())
    for value_bytes in (2, 4):
        assert files.loaded_values(value_bytes) == {**counts, "transformer": -(-stored // value_bytes)}


def test_named_files_that_cannot_be_used_are_refused_in_words(tree: Path, tmp_path: Path) -> None:
    first, second = tree / "clip" / "a.safetensors", write_header(tmp_path / "clip_l.safetensors", CLIP_L)
    assert problem_of(flux_in(tree), first, second) == (
        "a.safetensors and clip_l.safetensors both hold the text encoder CLIP-L, of which flux1-dev.safetensors needs "
        "one: leave one of them out"
    )
    other = write_header(tmp_path / "clip_g.safetensors", CLIP_G)
    assert problem_of(flux_in(tree), other) == (
        "clip_g.safetensors holds the text encoder CLIP-G, but flux1-dev.safetensors needs CLIP-L and T5-XXL: "
        "leave it out"
    )
    assert problem_of(flux_in(tree), tree / "vae" / "c.safetensors") == (
        "--text-encoder needs the file of a text encoder: c.safetensors holds a VAE"
    )
    assert problem_of(flux_in(tree), flux_in(tree)) == (
        "--text-encoder needs the file of a text encoder: flux1-dev.safetensors holds a diffusion model without text "
        "encoders"
    )
    assert problem_of(flux_in(tree), tree / "clip") == (
        f"--text-encoder needs a .safetensors or .gguf file: '{tree}/clip' is a folder"
    )
    assert problem_of(flux_in(tree), "no_such_name") == (
        "--text-encoder needs a .safetensors or .gguf file: there is no file 'no_such_name', "
        f"and no folder of text encoders is known here: name yours in {shown(configuration_path())}"
    )
    (tmp_path / "t5.bin").write_bytes(b"\x80\x04.")
    assert problem_of(flux_in(tree), tmp_path / "t5.bin") == (
        "t5.bin is a pickle file, which can run code when it is opened: get the .safetensors version"
    )


def test_a_text_encoder_for_a_folder_is_refused(folder: Path, tree: Path) -> None:
    assert problem_of(str(folder), tree / "clip" / "a.safetensors") == (
        f"--text-encoder completes a model of one file: {str(folder)!r} is a folder, which has its own"
    )


@pytest.mark.parametrize(
    ("end", "how"),
    [
        (".weight_scale_2", "as NVFP4"),
        (".weight.quant_state.bitsandbytes__nf4", "as NF4 (bitsandbytes)"),
        (".qweight", "in 4 bits (Nunchaku, GPTQ or AWQ)"),
    ],
)
def test_packed_weights_are_refused_before_anything_is_loaded(tree: Path, end: str, how: str) -> None:
    file = write_header(tree / "diffusion_models" / "flux1-dev-packed.safetensors", {**FLUX, f"txt_in{end}": (4,)})
    assert problem_of(str(file)) == (
        f"flux1-dev-packed.safetensors stores its weights {how}, which cannot be read here: get the bf16, fp16, fp8 or "
        "GGUF version of this file"
    )


def test_a_gguf_file_of_a_unet_is_refused(tmp_path: Path) -> None:
    shapes = {name.removeprefix(headers.UNET): shape for name, shape in headers.unet(2048, sizes=True).items()}
    writer = GGUFWriter(str(tmp_path / "sdxl.gguf"), "sdxl")
    for name, shape in shapes.items():
        writer.add_tensor(name, np.zeros(shape, dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert problem_of(str(tmp_path / "sdxl.gguf")) == (
        "sdxl.gguf is a GGUF file of a UNet, which cannot be loaded: get the .safetensors version"
    )


def test_text_encoders_need_a_model_of_one_file(tree: Path) -> None:
    for model in ("", "embedded"):
        assert problem_of(model, tree / "clip" / "a.safetensors") == (
            "--text-encoder completes a model of one file: name its file with --model"
        )


def test_stable_diffusion_3_does_without_its_t5(tmp_path: Path) -> None:
    models = tmp_path / "models"
    model = write_header(models / "diffusion_models" / "sd3_medium.safetensors", SD3)
    clips = (
        write_header(models / "text_encoders" / "clip_l.safetensors", CLIP_L),
        write_header(models / "text_encoders" / "clip_g.safetensors", CLIP_G),
    )
    write_header(models / "vae" / "sd3_vae.safetensors", AE)
    without = resolve_model(str(model))
    assert without.text_encoders == tuple(map(str, clips))
    assert look_at(without).is_without("text_encoder_3")
    t5xxl = write_header(models / "text_encoders" / "t5xxl_fp16.safetensors", t5())
    whole = resolve_model(str(model))
    assert whole.text_encoders == (*map(str, clips), str(t5xxl))
    assert model_identity(whole)["fingerprint"] != model_identity(without)["fingerprint"]
    assert resolve_model(str(model), text_encoders=tuple(map(str, clips))) == without, (
        "named encoders are all there are"
    )


def test_a_unet_alone_finds_the_vae_of_its_family(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shapes = {name.removeprefix(headers.UNET): shape for name, shape in headers.unet(2048, sizes=True).items()}
    model = write_header(models / "unet" / "pony.safetensors", shapes)
    clips = (
        write_header(models / "clip" / "clip_l.safetensors", CLIP_L),
        write_header(models / "clip" / "clip_g.safetensors", CLIP_G),
    )
    write_header(models / "vae" / "vae-ft-mse-840000-ema-pruned.safetensors", SD_VAE)
    vae = write_header(models / "vae" / "sdxl_vae.safetensors", SD_VAE)
    choice = resolve_model(str(model))
    assert (choice.text_encoders, choice.vae) == (tuple(map(str, clips)), str(vae))


def test_text_encoders_of_language_models_are_told_by_their_size(tmp_path: Path) -> None:
    models = tmp_path / "models"
    model = write_header(models / "diffusion_models" / "z_image_turbo.safetensors", Z_IMAGE)
    write_header(models / "text_encoders" / "small.safetensors", qwen3(1024, 28))
    large = write_header(models / "text_encoders" / "qwen_3_4b.safetensors", qwen3())
    write_header(models / "vae" / "ae.safetensors", AE)
    assert resolve_model(str(model)).text_encoders == (str(large),)


def test_the_parts_that_a_checkpoint_holds_are_its_own(tmp_path: Path) -> None:
    shapes = {f"model.diffusion_model.{name}": shape for name, shape in FLUX.items()}
    shapes |= headers.clip("text_encoders.clip_l.transformer.") | t5("text_encoders.t5xxl.transformer.")
    shapes |= {f"vae.{name}": shape for name, shape in AE.items()}
    file = write_header(tmp_path / "models" / "checkpoints" / "flux1-dev-fp8.safetensors", shapes)
    write_header(tmp_path / "models" / "text_encoders" / "t5.safetensors", t5())
    choice = resolve_model(str(file))
    assert (choice.text_encoders, choice.vae) == ((), "")
    assert {name: part.prefix for name, part in look_at(choice).parts.items()} == {
        "text_encoder": "text_encoders.clip_l.transformer.",
        "text_encoder_2": "text_encoders.t5xxl.transformer.",
        "transformer": "model.diffusion_model.",
        "vae": "vae.",
    }
    named = resolve_model(str(file), text_encoders=(str(tmp_path / "models/text_encoders/t5.safetensors"),))
    assert look_at(named).parts["text_encoder_2"].file.path.name == "t5.safetensors", "a named file comes first"


def test_a_picture_finds_the_text_encoders_of_its_model_again(tree: Path, tmp_path: Path) -> None:
    choice = resolve_model(flux_in(tree))
    identity = model_identity(choice)
    remember_model(choice, identity)
    other = write_header(tmp_path / "t5_other.safetensors", {**t5(), "encoder.final_layer_norm.weight": (4096,)})
    second = resolve_model(flux_in(tree), text_encoders=(str(other),))
    second_identity = model_identity(second)
    assert second_identity["fingerprint"] != identity["fingerprint"]
    remember_model(second, second_identity)
    for made, recorded in ((choice, identity), (second, second_identity)):
        found = find_model(recorded)
        assert (found.path, found.text_encoders) == (made.path, made.text_encoders)
    shutil.move(other, tmp_path / "moved.safetensors")
    assert find_model(second_identity).path == "", "its T5 is not there any more"
    assert find_model(identity).text_encoders == choice.text_encoders
