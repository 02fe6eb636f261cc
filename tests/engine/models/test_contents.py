"""What a weights file holds: names and shapes as the programs of each kind write them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ModelError
from engine.models.checkpoints import check_is_model, check_is_vae
from engine.models.contents import Contents, Kind, contents_of
from engine.models.json_files import read_config
from engine.models.model_root import INDEX
from engine.models.parts import parts_of
from engine.models.shipped import CONFIGS, config_folder
from engine.models.weights import WeightFile
from tests.support.engine.headers import Shapes, clip, open_clip

VECTOR = (320,)
KEY = "transformer_blocks.0.attn2.to_k.weight"


def below(prefix: str, shapes: Shapes) -> Shapes:
    return {f"{prefix}{name}": shape for name, shape in shapes.items()}


def unet(width: int, inputs: int = 4, *, sizes: bool = False) -> Shapes:
    """A UNet by its original names."""
    shapes: Shapes = {"input_blocks.0.0.weight": (320, inputs, 3, 3), f"input_blocks.4.1.{KEY}": (640, width)}
    return {**shapes, **({"label_emb.0.0.weight": (1280, 2816)} if sizes else {})}


def diffusers_unet(width: int, inputs: int = 4, *, sizes: bool = False) -> Shapes:
    shapes: Shapes = {
        "conv_in.weight": (320, inputs, 3, 3),
        "down_blocks.0.resnets.0.norm1.weight": VECTOR,
        f"down_blocks.1.attentions.0.{KEY}": (640, width),
    }
    return {**shapes, **({"add_embedding.linear_1.weight": (1280, 2816)} if sizes else {})}


def flux(inputs: int = 64, *, guidance: bool = True) -> Shapes:
    shapes: Shapes = {"double_blocks.0.img_attn.qkv.weight": (9216, 3072), "img_in.weight": (3072, inputs)}
    return {**shapes, **({"guidance_in.in_layer.weight": (3072, 256)} if guidance else {})}


def joint(blocks: int, **more: tuple[int, ...]) -> Shapes:
    return {f"joint_blocks.{index}.x_block.attn.qkv.weight": (4608, 1536) for index in range(blocks)} | more


LDM = "model.diffusion_model."
CLIP_L: Shapes = {"text_model.embeddings.token_embedding.weight": (49408, 768)}
VAE: Shapes = {"decoder.conv_in.weight": (512, 4, 3, 3), "encoder.conv_in.weight": (128, 3, 3, 3)}
SD1 = below(LDM, unet(768)) | below("cond_stage_model.transformer.", CLIP_L) | below("first_stage_model.", VAE)
SD2 = below(LDM, unet(1024)) | {"cond_stage_model.model.token_embedding.weight": (49408, 1024)}
SDXL = below(LDM, unet(2048, sizes=True)) | below("conditioner.embedders.0.transformer.", CLIP_L)
FLUX_WITH_ALL = below(LDM, flux()) | below("text_encoders.clip_l.transformer.", CLIP_L) | below("vae.", VAE)


def a(kind: Kind, family: str = "", purpose: str = "") -> Contents:
    return Contents(kind=kind, family=family, purpose=purpose)


CASES: dict[str, tuple[Shapes, Contents]] = {
    "SD 1": (SD1, a(Kind.CHECKPOINT, "Stable Diffusion 1")),
    "SD 2": (SD2, a(Kind.CHECKPOINT, "Stable Diffusion 2")),
    "SDXL": (SDXL, a(Kind.CHECKPOINT, "SDXL")),
    "SDXL v-prediction": ({**SDXL, "v_pred": (0,), "ztsnr": (0,)}, a(Kind.CHECKPOINT, "SDXL")),
    "SDXL refiner": (
        below(LDM, unet(1280, sizes=True)) | {"conditioner.embedders.0.model.token_embedding.weight": (49408, 1280)},
        a(Kind.CHECKPOINT, "SDXL refiner"),
    ),
    "inpainting": (
        {**SD1, **below(LDM, unet(768, 9))},
        a(Kind.CHECKPOINT, "Stable Diffusion 1", "inpainting"),
    ),
    "pix2pix": ({**SD1, **below(LDM, unet(768, 8))}, a(Kind.CHECKPOINT, "Stable Diffusion 1", "instruct-pix2pix")),
    "SD 2 depth": ({**SD2, **below(LDM, unet(1024, 5))}, a(Kind.CHECKPOINT, "Stable Diffusion 2", "depth")),
    "SD 2 x4 upscaler": ({**SD2, **below(LDM, unet(1024, 7))}, a(Kind.CHECKPOINT, "Stable Diffusion 2", "upscaling")),
    "unCLIP": (
        {**SD2, **below(LDM, unet(1024, sizes=True))},
        a(Kind.CHECKPOINT, "Stable Diffusion 2", "a picture's embedding (unCLIP)"),
    ),
    "SVD": (
        below(LDM, unet(1024, 8)) | {f"{LDM}input_blocks.1.1.time_stack.0.norm1.weight": VECTOR},
        a(Kind.DENOISER, "Stable Video Diffusion"),
    ),
    "UNet alone": (below(LDM, unet(768)), a(Kind.DENOISER, "Stable Diffusion 1")),
    "UNet of diffusers": (diffusers_unet(768), a(Kind.DENOISER, "Stable Diffusion 1")),
    "UNet of diffusers, SDXL": (diffusers_unet(2048, sizes=True), a(Kind.DENOISER, "SDXL")),
    "Flux.1 dev": (flux(), a(Kind.DENOISER, "Flux.1 dev")),
    "Flux.1 schnell": (flux(guidance=False), a(Kind.DENOISER, "Flux.1 schnell")),
    "Flux.1 Fill": (flux(384), a(Kind.DENOISER, "Flux.1 dev", "inpainting (Fill)")),
    "Flux.1, all in one": (FLUX_WITH_ALL, a(Kind.CHECKPOINT, "Flux.1 dev")),
    "Flux.1 of diffusers": (
        {
            "transformer_blocks.0.norm1_context.linear.weight": (18432, 3072),
            "single_transformer_blocks.0.proj_mlp.weight": (12288, 3072),
            "time_text_embed.guidance_embedder.linear_1.weight": (3072, 256),
        },
        a(Kind.DENOISER, "Flux.1 dev"),
    ),
    "Chroma": (
        {**flux(guidance=False), "distilled_guidance_layer.in_proj.bias": (5120,)},
        a(Kind.DENOISER, "Chroma"),
    ),
    "Flux.2 klein": (
        {**flux(128), "single_stream_modulation.lin.weight": (1,), "txt_in.weight": (3072, 7680)},
        a(Kind.DENOISER, "Flux.2 klein 4B"),
    ),
    "Flux.2 dev": (
        {**flux(128), "single_stream_modulation.lin.weight": (1,), "txt_in.weight": (6144, 15360)},
        a(Kind.DENOISER, "Flux.2 dev"),
    ),
    "SD 3 medium": (
        below(LDM, joint(24)) | below("first_stage_model.", VAE),
        a(Kind.DENOISER, "Stable Diffusion 3 medium"),
    ),
    "SD 3.5 medium": (
        joint(24, **{"joint_blocks.0.context_block.attn.ln_q.weight": (64,)}),
        a(Kind.DENOISER, "Stable Diffusion 3.5 medium"),
    ),
    "SD 3.5 large": (
        joint(38, **{"joint_blocks.0.context_block.attn.ln_q.weight": (64,)}),
        a(Kind.DENOISER, "Stable Diffusion 3.5 large"),
    ),
    "SD 3 of diffusers": (
        {"transformer_blocks.0.norm1_context.linear.weight": (9216, 1536)},
        a(Kind.DENOISER, "Stable Diffusion 3 medium"),
    ),
    "PixArt-alpha": (
        {"blocks.0.cross_attn.q_linear.weight": (1152, 1152), "csize_embedder.mlp.0.weight": (384, 256)},
        a(Kind.DENOISER, "PixArt-alpha"),
    ),
    "PixArt-sigma": (
        {"adaln_single.linear.weight": (6912, 1152), "pos_embed.proj.weight": (1152, 4, 2, 2)},
        a(Kind.DENOISER, "PixArt-sigma"),
    ),
    "Sana": (
        {"blocks.0.cross_attn.q_linear.weight": (1, 1), "blocks.0.mlp.inverted_conv.conv.weight": (1, 1, 1, 1)},
        a(Kind.DENOISER, "Sana"),
    ),
    "Z-Image": (
        below(LDM, {"layers.0.adaLN_modulation.0.weight": (1, 1), "cap_embedder.0.weight": (2560,)}),
        a(Kind.DENOISER, "Z-Image"),
    ),
    "Lumina 2": (
        {"layers.0.adaLN_modulation.1.weight": (1, 1), "cap_embedder.0.weight": (2304,)},
        a(Kind.DENOISER, "Lumina 2"),
    ),
    "Qwen-Image": (
        {"txt_norm.weight": (3584,), "transformer_blocks.0.img_mod.1.weight": (1, 1)},
        a(Kind.DENOISER, "Qwen-Image"),
    ),
    "AuraFlow": ({"double_layers.0.attn.w1q.weight": (1, 1)}, a(Kind.DENOISER, "AuraFlow")),
    "HiDream": ({"double_stream_blocks.0.block.adaLN_modulation.1.bias": (1,)}, a(Kind.DENOISER, "HiDream")),
    "Wan": (
        below(LDM, {"head.modulation": (1, 2, 5120), "patch_embedding.weight": (5120, 16, 1, 2, 2)}),
        a(Kind.DENOISER, "Wan"),
    ),
    "LTX-Video": ({"patchify_proj.weight": (2048, 128)}, a(Kind.DENOISER, "LTX-Video")),
    "HunyuanVideo": (
        {
            "txt_in.individual_token_refiner.blocks.0.norm1.weight": (1,),
            "double_blocks.0.img_attn_qkv.weight": (1, 1),
            "img_in.proj.weight": (3072, 16, 1, 2, 2),
        },
        a(Kind.DENOISER, "HunyuanVideo"),
    ),
    "VAE": (VAE, a(Kind.VAE, "Stable Diffusion or SDXL")),
    "VAE of a checkpoint": (below("first_stage_model.", VAE), a(Kind.VAE, "Stable Diffusion or SDXL")),
    "VAE of Flux.1": (
        {"decoder.conv_in.weight": (512, 16, 3, 3)},
        a(Kind.VAE, "Flux.1 or Stable Diffusion 3"),
    ),
    "VAE of Wan": ({"decoder.middle.0.residual.0.gamma": (384, 1, 1, 1)}, a(Kind.VAE, "Wan or Qwen-Image")),
    "TAESD decoder": (
        {"1.weight": (64, 4, 3, 3), "1.bias": (64,), "3.conv.0.weight": (64, 64, 3, 3)},
        a(Kind.TINY_VAE, "Stable Diffusion or SDXL"),
    ),
    "TAESD of diffusers": (
        {"decoder.layers.0.weight": (64, 16, 3, 3), "decoder.layers.2.conv.0.weight": (64, 64, 3, 3)},
        a(Kind.TINY_VAE, "Flux.1 or Stable Diffusion 3"),
    ),
    "CLIP-L": (clip(""), a(Kind.TEXT_ENCODER, "CLIP-L")),
    "CLIP-L of transformers 5.6": (
        {name.removeprefix("text_model."): shape for name, shape in clip("").items()},
        a(Kind.TEXT_ENCODER, "CLIP-L"),
    ),
    "CLIP-G of OpenCLIP": (open_clip("", 1280, 32), a(Kind.TEXT_ENCODER, "CLIP-G")),
    "whole CLIP": (
        {**clip(""), "vision_model.embeddings.class_embedding": (1024,)},
        a(Kind.TEXT_ENCODER, "CLIP-L"),
    ),
    "T5-XXL": (
        {"shared.weight": (32128, 4096), "encoder.block.0.layer.0.SelfAttention.q.weight": (4096, 4096)},
        a(Kind.TEXT_ENCODER, "T5-XXL"),
    ),
    "Qwen3": (
        {"model.layers.0.self_attn.q_proj.weight": (4096, 2560), "model.layers.0.self_attn.q_norm.weight": (128,)},
        a(Kind.TEXT_ENCODER, "Qwen3-4B"),
    ),
    "LoRA of kohya": (
        {
            "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight": (8, 2048),
            "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_up.weight": (640, 8),
            "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.alpha": (),
        },
        a(Kind.LORA, "SDXL"),
    ),
    "LoRA of peft": (
        {
            "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight": (4, 768),
            "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.lora_B.weight": (320, 4),
        },
        a(Kind.LORA, "Stable Diffusion 1"),
    ),
    "LoRA of Flux": (
        {"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": (16, 3072)},
        a(Kind.LORA, "Flux.1"),
    ),
    "DoRA": ({"lora_te_x.lora_up.weight": (1, 1), "lora_te_x.dora_scale": (1,)}, a(Kind.LORA)),
    "LoHa": ({"lora_unet_x.hada_w1_a": (1, 1), "lora_unet_x.hada_w1_b": (1, 1)}, a(Kind.LORA)),
    "IA3": ({"lora_unet_x_to_k.weight": (1, 1), "lora_unet_x_to_k.on_input": ()}, a(Kind.LORA)),
    "LoKr": ({"lycoris_x.lokr_w1": (1, 1), "lycoris_x.alpha": ()}, a(Kind.LORA)),
    "embedding of A1111": ({"emb_params": (8, 768)}, a(Kind.EMBEDDING, "Stable Diffusion 1")),
    "embedding of SDXL": ({"clip_l": (8, 768), "clip_g": (8, 1280)}, a(Kind.EMBEDDING, "SDXL")),
    "embedding of diffusers": ({"<cat-toy>": (768,)}, a(Kind.EMBEDDING, "Stable Diffusion 1")),
    "ControlNet": (
        below("control_model.", unet(768)) | {"control_model.input_hint_block.0.weight": (16, 3, 3, 3)},
        a(Kind.CONTROLNET, "Stable Diffusion 1"),
    ),
    "ControlNet of diffusers": (
        {**diffusers_unet(2048, sizes=True), "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3)},
        a(Kind.CONTROLNET, "SDXL"),
    ),
    "T2I-Adapter": ({"body.0.in_conv.weight": (320, 64, 1, 1)}, a(Kind.CONTROLNET)),
    "control-LoRA": (
        {"lora_controlnet": (0,), "input_blocks.0.0.weight": (320, 4, 3, 3), "input_blocks.1.0.up": (1, 1)},
        a(Kind.CONTROLNET),
    ),
    "RealPLKSR": ({"feats.0.weight": (64, 3, 3, 3)}, a(Kind.UPSCALER)),
    "ESRGAN": ({"model.1.sub.0.RDB1.conv1.0.weight": (32, 64, 3, 3)}, a(Kind.UPSCALER)),
    "RealESRGAN": ({"conv_first.weight": (64, 3, 3, 3), "body.0.rdb1.conv1.weight": (1,)}, a(Kind.UPSCALER)),
    "compact ESRGAN": ({"params.body.0.weight": (64, 3, 3, 3), "params.body.0.bias": (64,)}, a(Kind.UPSCALER)),
    "IP-Adapter": (
        {"image_proj.proj.weight": (3072, 1024), "ip_adapter.1.to_k_ip.weight": (320, 768)},
        a(Kind.IP_ADAPTER),
    ),
    "AnimateDiff": (
        {"down_blocks.0.motion_modules.0.temporal_transformer.norm.weight": VECTOR},
        a(Kind.MOTION),
    ),
    "CLIP vision": ({"vision_model.embeddings.patch_embedding.weight": (1280, 3, 14, 14)}, a(Kind.CLIP_VISION)),
    "something else": ({"weight": (4,)}, a(Kind.OTHER)),
    "nothing": ({}, a(Kind.OTHER)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_told_by_its_header(name: str) -> None:
    shapes, expected = CASES[name]
    assert contents_of(WeightFile(path=Path("file.safetensors"), tensors=shapes)) == expected


def test_a_tiny_checkpoint_is_told_by_where_its_text_encoders_are() -> None:
    tiny = below(LDM, unet(16))
    for prefix, family in (
        ("cond_stage_model.transformer.", "Stable Diffusion 1"),
        ("cond_stage_model.model.", "Stable Diffusion 2"),
        ("conditioner.embedders.1.model.", "SDXL"),
        ("conditioner.embedders.0.model.", "SDXL refiner"),
    ):
        shapes = {**tiny, f"{prefix}ln_final.weight": (16,)}
        found = contents_of(WeightFile(path=Path("tiny.safetensors"), tensors=shapes))
        assert found == Contents(kind=Kind.CHECKPOINT, family=family)


NAMES = sorted({name for shapes, _ in CASES.values() for name in shapes})


@given(
    st.dictionaries(
        st.sampled_from(NAMES) | st.text("ab._0", max_size=9),
        st.lists(st.sampled_from((0, 1, 4, 16, 768, 2048)), max_size=5).map(tuple),
        max_size=12,
    )
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_of_any_tensors_is_told_or_refused_in_words(tmp_path: Path, shapes: Shapes) -> None:
    file = WeightFile(path=tmp_path / "file.safetensors", tensors=shapes)
    found = contents_of(file)
    assert found == contents_of(file)
    with contextlib.suppress(ModelError):
        check_is_model(file.path, found)
    with contextlib.suppress(ModelError):
        check_is_vae(file.path, file)
    if found.family in CONFIGS:
        with contextlib.suppress(ModelError):
            parts_of(file, read_config(config_folder(found.family) / INDEX), config_folder(found.family))
