"""The names of the widgets of nodes of other authors; see widget_names.py."""

from __future__ import annotations

from collections.abc import Mapping

_SAMPLING = "steps cfg sampler_name scheduler"
_KSAMPLER = f"seed {_SAMPLING} denoise"
_STEPS = "start_at_step end_at_step"
_ADVANCED = f"add_noise noise_seed {_SAMPLING} {_STEPS} return_with_leftover_noise"
_LATENT = "empty_latent_width empty_latent_height"
_LORA = "lora_name lora_model_strength lora_clip_strength"
_STACK = " ".join(f"lora_name_{n} lora_wt_{n} model_str_{n} clip_str_{n}" for n in range(1, 51))
_CR_STACK = " ".join(f"switch_{n} lora_name_{n} model_weight_{n} clip_weight_{n}" for n in range(1, 4))
_RGTHREE_STACK = " ".join(f"lora_{n:02} strength_{n:02}" for n in range(1, 5))
_ASPECT = "width height aspect_ratio swap_dimensions upscale_factor"
_DETAILER = f"guide_size guide_size_for max_size {_KSAMPLER} feather noise_mask force_inpaint"
_FACE = (
    "bbox_threshold bbox_dilation bbox_crop_factor sam_detection_hint sam_dilation sam_threshold sam_bbox_expansion "
    "sam_mask_hint_threshold sam_mask_hint_use_negative drop_size"
)
_TTN = "lora_name lora_strength upscale_method upscale_model_name factor rescale percent width height longer_side crop"
_TTN_TEXTS = (
    "positive positive_token_normalization positive_weight_interpretation "
    "negative negative_token_normalization negative_weight_interpretation"
)
_EASY = f"{_LORA} resolution {_LATENT} positive negative batch_size"
_STYLER = "text_positive text_negative style log_prompt"

PACKS: Mapping[str, str] = {
    # Efficiency nodes
    "KSampler (Efficient)": f"{_KSAMPLER} preview_method vae_decode",
    "KSampler Adv. (Efficient)": f"{_ADVANCED} preview_method vae_decode",
    "KSampler SDXL (Eff.)": f"noise_seed {_SAMPLING} start_at_step refine_at_step preview_method vae_decode",
    "Efficient Loader": (
        f"ckpt_name vae_name clip_skip {_LORA} positive negative token_normalization weight_interpretation {_LATENT} "
        f"batch_size|ckpt_name vae_name clip_skip {_LORA} positive negative {_LATENT} batch_size"
    ),
    "Eff. Loader SDXL": (
        "base_ckpt_name base_clip_skip refiner_ckpt_name refiner_clip_skip positive_ascore negative_ascore vae_name "
        f"positive negative token_normalization weight_interpretation {_LATENT} batch_size"
    ),
    "LoRA Stacker": f"input_mode lora_count {_STACK}",
    # Impact and Inspire packs
    "FaceDetailer": f"{_DETAILER} {_FACE} wildcard cycle",
    "FaceDetailerPipe": f"{_DETAILER} {_FACE} refiner_ratio cycle",
    **dict.fromkeys(
        ("DetailerForEach", "DetailerForEachDebug", "DetailerForEachPipe", "DetailerForEachDebugPipe"),
        f"{_DETAILER} wildcard cycle",
    ),
    "ImpactWildcardEncode": "wildcard_text populated_text mode - - seed",
    "ImpactWildcardProcessor": "wildcard_text populated_text mode seed",
    "ImpactKSamplerBasicPipe": _KSAMPLER,
    "ImpactKSamplerAdvancedBasicPipe": _ADVANCED,
    "KSamplerProvider": _KSAMPLER,
    "KSamplerAdvancedProvider": "cfg sampler_name scheduler",
    "IterativeLatentUpscale": "upscale_factor steps temp_prefix",
    "PixelKSampleUpscalerProvider": f"scale_method {_KSAMPLER}",
    "PixelKSampleUpscalerProviderPipe": f"scale_method {_KSAMPLER}",
    "ImpactSwitch": "select sel_mode",
    "ImpactInt": "value",
    "ImpactFloat": "value",
    "KSampler //Inspire": f"{_KSAMPLER} noise_mode batch_seed_mode variation_seed variation_strength",
    "KSamplerAdvanced //Inspire": (
        f"add_noise noise_seed {_SAMPLING} {_STEPS} noise_mode return_with_leftover_noise batch_seed_mode "
        "variation_seed variation_strength"
    ),
    "WildcardEncode //Inspire": "token_normalization weight_interpretation wildcard_text populated_text mode - - seed",
    "GlobalSeed //Inspire": "value mode action last_seed",
    # rgthree
    "Seed (rgthree)": "seed",
    "KSampler Config (rgthree)": "steps_total refiner_step cfg sampler_name scheduler",
    "Lora Loader Stack (rgthree)": _RGTHREE_STACK,
    "Power Prompt (rgthree)": "prompt",
    "Power Prompt - Simple (rgthree)": "prompt",
    "SDXL Power Prompt - Positive (rgthree)": "prompt_g prompt_l",
    "SDXL Power Prompt - Simple / Negative (rgthree)": "prompt_g prompt_l",
    "SDXL Empty Latent Image (rgthree)": "dimensions clip_scale batch_size",
    # Easy-Use
    "easy fullLoader": (
        f"ckpt_name config_name vae_name clip_skip {_LORA} resolution {_LATENT} {_TTN_TEXTS} batch_size"
    ),
    "easy a1111Loader": f"ckpt_name vae_name clip_skip {_EASY} a1111_prompt_style",
    "easy comfyLoader": f"ckpt_name vae_name clip_skip {_EASY}",
    "easy fluxLoader": f"ckpt_name vae_name {_LORA} resolution {_LATENT} positive batch_size",
    "easy hunyuanDiTLoader": f"ckpt_name vae_name {_EASY}",
    "easy kolorsLoader": f"unet_name vae_name chatglm3_name {_EASY}",
    "easy preSampling": f"{_SAMPLING} denoise seed",
    "easy preSamplingAdvanced": f"{_SAMPLING} {_STEPS} add_noise seed return_with_leftover_noise",
    "easy preSamplingDynamicCFG": "steps cfg cfg_mode cfg_scale_min sampler_name scheduler denoise seed",
    "easy preSamplingNoiseIn": f"factor {_SAMPLING} denoise seed",
    "easy preSamplingCustom": (
        "guider cfg cfg_negative sampler_name scheduler coeff steps sigma_max sigma_min rho beta_d beta_min eps_s "
        "flip_sigmas denoise add_noise seed"
    ),
    "easy fullkSampler": f"{_SAMPLING} denoise image_output link_id save_prefix seed",
    "easy kSampler": "image_output link_id save_prefix",
    "easy positive": "positive",
    "easy negative": "negative",
    "easy seed": "seed",
    "easy globalSeed": "value mode action last_seed",
    "easy int": "value",
    "easy float": "value",
    "easy string": "value",
    # tinyterraNodes
    "ttN pipeLoader_v2": (
        f"ckpt_name config_name vae_name clip_skip loras {_TTN_TEXTS} empty_latent_aspect {_LATENT} batch_size seed"
    ),
    "ttN tinyLoader": (
        "ckpt_name config_name sampling zsnr cfg_rescale_mult vae_name clip_skip empty_latent_aspect "
        f"{_LATENT} batch_size"
    ),
    "ttN conditioning": f"loras {_TTN_TEXTS}",
    **dict.fromkeys(
        ("ttN KSampler_v2", "ttN pipeKSampler_v2"),
        f"{_TTN} {_SAMPLING} denoise image_output save_prefix file_type embed_workflow seed",
    ),
    "ttN pipeKSamplerAdvanced_v2": (
        f"{_TTN} add_noise noise {_STEPS} cfg sampler_name scheduler return_with_leftover_noise image_output "
        "save_prefix file_type embed_workflow noise_seed"
    ),
    "ttN text": "text",
    "ttN seed": "seed",
    "ttN int": "int",
    "ttN float": "float",
    # styles and texts
    "SDXLPromptStyler": _STYLER,
    "MilehighStyler": _STYLER,
    "SDXLPromptStylerAdvanced": (
        "text_positive_g text_positive_l text_positive text_negative style negative_prompt_to log_prompt"
    ),
    "CR Prompt Text": "prompt",
    "CR Text": "text",
    "CR Multiline Text": "text",
    "CR Seed": "seed",
    "CR Value": "value",
    "CR LoRA Stack": _CR_STACK,
    "CR Load LoRA": "switch lora_name strength_model strength_clip",
    "CR SDXL Aspect Ratio": f"{_ASPECT} batch_size",
    "CR SD1.5 Aspect Ratio": f"{_ASPECT} batch_size",
    "CR Aspect Ratio": f"{_ASPECT} prescale_factor batch_size",
    "CR Aspect Ratio Social Media": f"{_ASPECT} prescale_factor batch_size",
    # WAS suite
    "Text Multiline": "text",
    "Text String": "text text_b text_c text_d",
    "Text Concatenate": "delimiter clean_whitespace|-",
    "Text Find and Replace": "text find replace",
    "Seed": "seed",
    "Number Input Node": "number_type number",
    "Constant Number": "number_type number",
    "KSampler (WAS)": _KSAMPLER,
    "CLIPTextEncode (NSP)": "mode noodle_key seed text",
    "Checkpoint Loader": "config_name ckpt_name",
    "Checkpoint Loader (Simple)": "ckpt_name",
    "Lora Loader": "lora_name strength_model strength_clip",
    "Latent Upscale by Factor (WAS)": "mode factor align",
    # others
    "UltimateSDUpscale": f"upscale_by {_KSAMPLER} mode_type tile_width tile_height mask_blur tile_padding",
    "UltimateSDUpscaleNoUpscale": f"{_KSAMPLER} mode_type tile_width tile_height mask_blur tile_padding",
    "BNK_CLIPTextEncodeAdvanced": "text token_normalization weight_interpretation",
    "BNK_CLIPTextEncodeSDXLAdvanced": "text_l text_g token_normalization weight_interpretation balance",
    "BNK_TiledKSampler": f"seed tile_width tile_height tiling_strategy {_SAMPLING} denoise",
    "BNK_TiledKSamplerAdvanced": (
        f"add_noise noise_seed tile_width tile_height tiling_strategy {_SAMPLING} {_STEPS} return_with_leftover_noise"
    ),
    "BNK_CutoffBasePrompt": "text",
    "BNK_NoisyLatentImage": "source seed width height batch_size",
    "smZ CLIPTextEncode": (
        "text parser mean_normalization multi_conditioning use_old_emphasis_implementation with_SDXL ascore width "
        "height crop_w crop_h target_width target_height text_g text_l smZ_steps"
    ),
    "FluxSamplerParams+": "seed sampler scheduler steps guidance max_shift base_shift denoise",
    "SDXLEmptyLatentSizePicker+": "resolution batch_size width_override height_override",
    "ClownsharKSampler_Beta": ("eta sampler_name scheduler steps steps_to_run denoise cfg seed sampler_mode bongmath"),
    "ClownsharkChainsampler_Beta": "eta sampler_name steps_to_run cfg sampler_mode bongmath",
    "ClownsharKSampler": (
        "noise_type_init noise_type_sde noise_mode_sde eta noise_seed sampler_mode sampler_name implicit_sampler_name "
        "scheduler steps implicit_steps denoise denoise_alt cfg shift base_shift shift_scaling extra_options|"
        "noise_type_init noise_type_sde noise_mode_sde eta noise_seed sampler_mode sampler_name scheduler steps "
        "implicit_steps denoise denoise_alt cfg shift base_shift truncate_conditioning"
    ),
    "VAEEncodeAdvanced": "resize_to_input width height mask_channel invert_mask latent_type",
    "SeargeGenerationParameters": (
        "seed image_size_preset image_width image_height steps cfg sampler_preset sampler_name scheduler "
        "base_vs_refiner_ratio"
    ),
    "SeargeTextInputV2": "prompt",
    "UnetLoaderGGUF": "unet_name",
    "UnetLoaderGGUFAdvanced": "unet_name dequant_dtype patch_dtype patch_on_device",
    "CLIPLoaderGGUF": "clip_name type",
    "DualCLIPLoaderGGUF": "clip_name1 clip_name2 type",
    "NunchakuFluxDiTLoader": "model_path cache_threshold attention cpu_offload device_id data_type i_2_f_mode",
    "NunchakuFluxLoraLoader": "lora_name lora_strength",
    "LoraLoader|pysssss": "lora_name strength_model strength_clip",
    "CheckpointLoader|pysssss": "ckpt_name",
    "StringFunction|pysssss": "action tidy_tags text_a text_b text_c",
    "MathExpression|pysssss": "expression",
    "Lora Loader (LoraManager)": "text loras",
    "INTConstant": "value",
    "FloatConstant": "value",
    "StringConstant": "string",
    "StringConstantMultiline": "string strip_newlines",
    "Textbox": "text",
    "JWInteger": "value",
    "JWString": "text",
    "DPRandomGenerator": "text seed autorefresh",
    "DPCombinatorialGenerator": "text seed autorefresh",
}
