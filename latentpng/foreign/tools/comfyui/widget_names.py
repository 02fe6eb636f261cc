"""The names of the widgets of nodes of ComfyUI, in the order in which older editors store their values.

A minus stands for a value without use here. Where versions of a node differ, the names that stand for as many values as
the file has count, else the first ones; what surrounds the seed is matched from there. Newer editors store the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from latentpng.foreign.tools.comfyui.widget_names_packs import PACKS

_SAMPLING = "steps cfg sampler_name scheduler"
_KSAMPLER = f"seed {_SAMPLING} denoise"
_ADVANCED = f"add_noise noise_seed {_SAMPLING} start_at_step end_at_step return_with_leftover_noise"
_SIZE = "width height batch_size"
_CLIP = "width height crop_w crop_h target_width target_height text_g text_l"

_CORE: Mapping[str, str] = {
    "KSampler": _KSAMPLER,
    "KSamplerAdvanced": _ADVANCED,
    "SamplerCustom": "add_noise noise_seed cfg",
    "RandomNoise": "noise_seed",
    "CFGGuider": "cfg",
    "DualCFGGuider": "cfg_conds cfg_cond2_negative style",
    "KSamplerSelect": "sampler_name",
    "BasicScheduler": "scheduler steps denoise",
    "KarrasScheduler": "steps sigma_max sigma_min rho",
    "ExponentialScheduler": "steps sigma_max sigma_min",
    "PolyexponentialScheduler": "steps sigma_max sigma_min rho",
    "LaplaceScheduler": "steps sigma_max sigma_min mu beta",
    "VPScheduler": "steps beta_d beta_min eps_s",
    "BetaSamplingScheduler": "steps alpha beta",
    "SDTurboScheduler": "steps denoise",
    "AlignYourStepsScheduler": "model_type steps denoise",
    "OptimalStepsScheduler": "model_type steps denoise",
    "GITSScheduler": "coeff steps denoise",
    "LTXVScheduler": "steps max_shift base_shift stretch terminal",
    "Flux2Scheduler": "steps width height",
    "SplitSigmas": "step",
    "SplitSigmasDenoise": "denoise",
    **dict.fromkeys(
        (
            "EmptyLatentImage",
            "EmptySD3LatentImage",
            "EmptyFlux2LatentImage",
            "EmptyHunyuanImageLatent",
            "EmptyChromaRadianceLatentImage",
        ),
        _SIZE,
    ),
    **dict.fromkeys(
        (
            "EmptyHunyuanLatentVideo",
            "EmptyMochiLatentVideo",
            "EmptyLTXVLatentVideo",
            "EmptyCosmosLatentVideo",
            "EmptyHunyuanVideo15Latent",
            "Wan22ImageToVideoLatent",
            "WanImageToVideo",
        ),
        "width height length batch_size",
    ),
    "EmptyQwenImageLayeredLatentImage": "width height layers batch_size",
    "StableCascade_EmptyLatentImage": "width height compression batch_size",
    "EmptyImage": "width height batch_size color",
    "LatentFromBatch": "batch_index length",
    "RepeatLatentBatch": "amount",
    "LatentUpscale": "upscale_method width height crop",
    "LatentUpscaleBy": "upscale_method scale_by",
    "ImageScale": "upscale_method width height crop",
    "ImageScaleBy": "upscale_method scale_by",
    "ImageScaleToTotalPixels": "upscale_method megapixels",
    "UpscaleModelLoader": "model_name",
    **dict.fromkeys(("CheckpointLoaderSimple", "unCLIPCheckpointLoader", "ImageOnlyCheckpointLoader"), "ckpt_name"),
    "CheckpointLoader": "config_name ckpt_name",
    "UNETLoader": "unet_name weight_dtype",
    "DiffusersLoader": "model_path",
    "CLIPLoader": "clip_name type device",
    "DualCLIPLoader": "clip_name1 clip_name2 type device",
    "TripleCLIPLoader": "clip_name1 clip_name2 clip_name3",
    "QuadrupleCLIPLoader": "clip_name1 clip_name2 clip_name3 clip_name4",
    "VAELoader": "vae_name",
    "LoraLoader": "lora_name strength_model strength_clip",
    "LoraLoaderModelOnly": "lora_name strength_model",
    "HypernetworkLoader": "hypernetwork_name strength",
    "ControlNetLoader": "control_net_name",
    "DiffControlNetLoader": "control_net_name",
    "ControlNetApply": "strength",
    "ControlNetApplyAdvanced": "strength start_percent end_percent",
    "ControlNetApplySD3": "strength start_percent end_percent",
    "CLIPTextEncode": "text",
    "CLIPTextEncodeSDXL": _CLIP,
    "CLIPTextEncodeSDXLRefiner": "ascore width height text",
    "CLIPTextEncodeFlux": "clip_l t5xxl guidance",
    "CLIPTextEncodeSD3": "clip_l clip_g t5xxl empty_padding",
    "CLIPTextEncodeHunyuanDiT": "bert mt5xl",
    "CLIPTextEncodePixArtAlpha": "width height text",
    "CLIPTextEncodeControlnet": "text",
    "CLIPTextEncodeLumina2": "system_prompt user_prompt",
    "CLIPTextEncodeHiDream": "clip_l clip_g t5xxl llama",
    "CLIPTextEncodeKandinsky5": "clip_l qwen25_7b",
    "TextEncodeQwenImageEdit": "prompt",
    "TextEncodeQwenImageEditPlus": "prompt",
    "TextEncodeHunyuanVideo_ImageToVideo": "prompt image_interleave",
    "FluxGuidance": "guidance",
    "CLIPSetLastLayer": "stop_at_clip_layer",
    "ConditioningSetArea": "width height x y strength",
    "ConditioningSetAreaPercentage": "width height x y strength",
    "ConditioningSetAreaStrength": "strength",
    "ConditioningSetMask": "strength set_cond_area",
    "ConditioningSetTimestepRange": "start end",
    "ConditioningAverage": "conditioning_to_strength",
    "unCLIPConditioning": "strength noise_augmentation",
    "GLIGENTextBoxApply": "text width height x y",
    "ModelSamplingDiscrete": "sampling zsnr",
    "ModelSamplingContinuousEDM": "sampling sigma_max sigma_min",
    "ModelSamplingSD3": "shift",
    "ModelSamplingAuraFlow": "shift",
    "ModelSamplingStableCascade": "shift",
    "ModelSamplingFlux": "max_shift base_shift width height",
    "ModelSamplingLTXV": "max_shift base_shift",
    "RescaleCFG": "multiplier",
    "FreeU": "b1 b2 s1 s2",
    "FreeU_V2": "b1 b2 s1 s2",
    "PerturbedAttentionGuidance": "scale",
    "ModelMergeSimple": "ratio",
    "ModelMergeSubtract": "multiplier",
    "CLIPMergeSimple": "ratio",
    "VAEEncodeForInpaint": "grow_mask_by",
    "InpaintModelConditioning": "noise_mask",
    "ImagePadForOutpaint": "left top right bottom feathering",
    "SaveImage": "filename_prefix",
    "LoadImage": "image",
    "LoadImageMask": "image channel",
    **dict.fromkeys(
        ("PrimitiveInt", "PrimitiveFloat", "PrimitiveString", "PrimitiveStringMultiline", "PrimitiveBoolean"), "value"
    ),
    "StringConcatenate": "string_a string_b delimiter",
    "ComfySwitchNode": "switch",
    "CustomCombo": "choice",
}
WIDGET_NAMES: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {kind: tuple(tuple(each.split()) for each in names.split("|")) for kind, names in {**PACKS, **_CORE}.items()}
)
"""The names of the widgets of each kind of node, for each of its versions."""
