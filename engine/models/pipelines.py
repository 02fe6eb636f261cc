"""The pipeline classes of diffusers that make something else than a picture of a text, by their names alone.

A model is refused by the class that its index names, before anything slow begins.  docs/families.md lists every class
of diffusers, and a test compares it with what this module and the signatures of the classes say.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from types import MappingProxyType

_VIDEO = "makes videos"
_SOUND = "makes sound"
_IMAGE = "needs an image as well as a text"
_FIRST_STAGE = "is only the first of two stages, which makes no picture itself"
_SECOND_STAGE = "is only the second of two stages, which needs the result of the first"
_TWO_STAGES = "works in two stages, which warmer cannot do"
_NO_TEXT = "draws without a text"
_MAPS = "measures an image, for example its depth"
_WRITES = "writes texts"
_TOKENS = "draws a picture in tokens, so that there is no noise to vary"

_BY_END: Mapping[str, str] = MappingProxyType(
    {
        "ModularPipeline": "is put together from blocks (a modular pipeline), which warmer cannot do",
        "CombinedPipeline": _TWO_STAGES,
        "PriorPipeline": _FIRST_STAGE,
        "RefinerPipeline": _SECOND_STAGE,
        "DecoderPipeline": _SECOND_STAGE,
        "SuperResolutionPipeline": _SECOND_STAGE,
    }
)
"""Ends of the names of classes, the first match counts, and what such a class does."""

_BY_WORD: Mapping[str, str] = MappingProxyType(
    {
        "Onnx": "runs in ONNX, which warmer does not use",
        **dict.fromkeys(("Audio", "Music"), _SOUND),
        **dict.fromkeys(("Image2Video", "Video", "I2V", "T2V", "TI2V", "AnimateDiff", "LTX", "SkyReels"), _VIDEO),
        **dict.fromkeys(("Wan2", "WanA", "WanV", "WanP", "Helios", "EasyAnimate", "AnyFlow"), _VIDEO),
        **dict.fromkeys(("Img2Img", "I2I", "Emb2Emb", "Image2Image", "ImageVariation"), _IMAGE),
        **dict.fromkeys(("Inpaint", "Upscale", "Pix2Pix", "Edit", "Kontext", "Fill", "Redux", "Depth2"), _IMAGE),
        **dict.fromkeys(
            ("ControlNet", "Controlnet", "Control", "Adapter", "PaintBy", "Layered", "VisualCloze"), _IMAGE
        ),
        "Marigold": _MAPS,
    }
)
"""Parts of the names of classes, the first match counts, and what such a class does."""

_BY_NAME: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "AllegroPipeline",
                "ConsisIDPipeline",
                "Cosmos2_5_PredictBasePipeline",
                "Cosmos2_5_TransferPipeline",
                "Cosmos3OmniPipeline",
                "CosmosTextToWorldPipeline",
                "Kandinsky6SRPipeline",
                "LattePipeline",
                "MochiPipeline",
                "PIAPipeline",
                "SanaWMPipeline",
            ),
            _VIDEO,
        ),
        **dict.fromkeys(("AceStepPipeline", "DanceDiffusionPipeline", "SpectrogramDiffusionPipeline"), _SOUND),
        "ShapEPipeline": "makes 3D objects",
        "RFD4ProteinaPipeline": "makes proteins",
        "StableDiffusionLDM3DPipeline": "makes pictures with their depth",
        **dict.fromkeys(("DiffusionGemmaPipeline", "LLaDA2Pipeline"), _WRITES),
        **dict.fromkeys(("AmusedPipeline", "VQDiffusionPipeline"), _TOKENS),
        **dict.fromkeys(
            (
                "ConsistencyModelPipeline",
                "DDIMPipeline",
                "DDPMPipeline",
                "DiTPipeline",
                "KarrasVePipeline",
                "LDMPipeline",
                "PNDMPipeline",
                "ScoreSdeVePipeline",
            ),
            _NO_TEXT,
        ),
        **dict.fromkeys(
            (
                "BlipDiffusionPipeline",
                "CycleDiffusionPipeline",
                "LEditsPPPipelineStableDiffusion",
                "LEditsPPPipelineStableDiffusionXL",
                "RePaintPipeline",
                "VersatileDiffusionDualGuidedPipeline",
                "VersatileDiffusionPipeline",
            ),
            _IMAGE,
        ),
        "StableDiffusionAttendAndExcitePipeline": "needs the numbers of tokens as well as a text",
        **dict.fromkeys(
            ("StableDiffusionGLIGENPipeline", "StableDiffusionGLIGENTextImagePipeline"),
            "needs boxes in the picture as well as a text",
        ),
        "StableDiffusionModelEditingPipeline": "changes what a model knows",
        "StableDiffusionParadigmsPipeline": "denoises many steps at once, which warmer cannot follow",
        **dict.fromkeys(("KandinskyPipeline", "KandinskyV22Pipeline"), _SECOND_STAGE),
        **dict.fromkeys(("StableUnCLIPPipeline", "UnCLIPPipeline"), _TWO_STAGES),
        "UniDiffuserPipeline": "draws a picture and its text together, which warmer cannot do",
    }
)
"""Classes whose names tell nothing, and what they do."""

_PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("KolorsPipeline", "KolorsPAGPipeline"), "sentencepiece"),
        **dict.fromkeys(("PRXPipeline", "PRXPixelPipeline"), "ftfy"),
        "Cosmos2TextToImagePipeline": "cosmos_guardrail",
        **dict.fromkeys(
            (
                "BriaFibo2Pipeline",
                "DreamLiteMobilePipeline",
                "DreamLitePipeline",
                "LongCatImagePipeline",
                "NucleusMoEImagePipeline",
                "OmniGenPipeline",
                "QwenImage21Pipeline",
            ),
            "torchvision",
        ),
    }
)
"""Packages that are not dependencies of warmer, and without which a class cannot be loaded or fails."""


def other_use(pipeline: str) -> str:
    """Return what a pipeline class does that is not drawing a picture of a text.

    Args:
        pipeline: The class name.

    Returns:
        A few words, "makes videos"; "" if nothing is known against it.
    """
    if pipeline in _BY_NAME:
        return _BY_NAME[pipeline]
    by_end = (what for end, what in _BY_END.items() if pipeline.endswith(end))
    by_word = (what for word, what in _BY_WORD.items() if word in pipeline)
    return next(by_end, "") or next(by_word, "")


def missing_package(pipeline: str) -> str:
    """Return the Python package that a pipeline class needs and that is not installed; "" if there is none."""
    package = needed_package(pipeline)
    return package if package and importlib.util.find_spec(package) is None else ""


def needed_package(pipeline: str) -> str:
    """Return the Python package that a pipeline class needs beside those that come with warmer; "" if there is none."""
    return _PACKAGES.get(pipeline, "")
