"""What the signatures of the pipeline classes of diffusers say: steps, guidance scale, width and height.

`python -m tests.support.engine.pipeline_classes` writes this file, so that it can be read without diffusers 0.42.1.
A guidance scale of 1 is none, and a width of 0 is that of the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SIGNATURES: Mapping[str, tuple[int, float, int, int]] = MappingProxyType(
    {
        "AltDiffusionPipeline": (50, 7.5, 0, 0),
        "AuraFlowPipeline": (50, 3.5, 1024, 1024),
        "BriaFibo2Pipeline": (30, 5.0, 0, 0),
        "BriaFiboPipeline": (30, 5.0, 0, 0),
        "BriaPipeline": (30, 5.0, 0, 0),
        "ChromaPipeline": (35, 5.0, 0, 0),
        "CogView3PlusPipeline": (50, 5.0, 0, 0),
        "CogView4Pipeline": (50, 5.0, 0, 0),
        "Cosmos2TextToImagePipeline": (35, 7.0, 1360, 768),
        "DreamLiteMobilePipeline": (4, 1.0, 0, 0),
        "DreamLitePipeline": (30, 3.5, 0, 0),
        "ErnieImagePipeline": (50, 4.0, 1024, 1024),
        "Flux2KleinKVPipeline": (4, 1.0, 0, 0),
        "Flux2KleinPipeline": (50, 4.0, 0, 0),
        "Flux2Pipeline": (50, 4.0, 0, 0),
        "FluxPipeline": (28, 3.5, 0, 0),
        "GlmImagePipeline": (50, 1.5, 0, 0),
        "HiDreamImagePipeline": (50, 5.0, 0, 0),
        "HunyuanDiTPAGPipeline": (50, 5.0, 0, 0),
        "HunyuanDiTPipeline": (50, 5.0, 0, 0),
        "HunyuanImagePipeline": (50, 3.25, 0, 0),
        "Ideogram4Pipeline": (48, 7.0, 2048, 2048),
        "IFPipeline": (100, 7.0, 0, 0),
        "Kandinsky3Pipeline": (25, 3.0, 1024, 1024),
        "Kandinsky5T2IPipeline": (50, 3.5, 1024, 1024),
        "KolorsPAGPipeline": (50, 5.0, 0, 0),
        "KolorsPipeline": (50, 5.0, 0, 0),
        "Krea2Pipeline": (28, 4.5, 1024, 1024),
        "LatentConsistencyModelPipeline": (4, 8.5, 0, 0),
        "LDMTextToImagePipeline": (50, 1.0, 0, 0),
        "LongCatImagePipeline": (50, 4.5, 0, 0),
        "Lumina2Pipeline": (30, 4.0, 0, 0),
        "LuminaPipeline": (30, 4.0, 0, 0),
        "NucleusMoEImagePipeline": (50, 4.0, 0, 0),
        "OmniGenPipeline": (50, 2.5, 0, 0),
        "OvisImagePipeline": (50, 5.0, 0, 0),
        "PixArtAlphaPipeline": (20, 4.5, 0, 0),
        "PixArtSigmaPAGPipeline": (20, 4.5, 0, 0),
        "PixArtSigmaPipeline": (20, 4.5, 0, 0),
        "PRXPipeline": (28, 4.0, 0, 0),
        "PRXPixelPipeline": (28, 4.0, 0, 0),
        "QwenImage21Pipeline": (40, 1.0, 0, 0),
        "QwenImagePipeline": (50, 4.0, 0, 0),
        "SanaPAGPipeline": (20, 4.5, 1024, 1024),
        "SanaPipeline": (20, 4.5, 1024, 1024),
        "SanaSprintPipeline": (2, 4.5, 1024, 1024),
        "SemanticStableDiffusionPipeline": (50, 7.5, 0, 0),
        "StableDiffusion3PAGPipeline": (28, 7.0, 0, 0),
        "StableDiffusion3Pipeline": (28, 7.0, 0, 0),
        "StableDiffusionPAGPipeline": (50, 7.5, 0, 0),
        "StableDiffusionPanoramaPipeline": (50, 7.5, 2048, 512),
        "StableDiffusionPipeline": (50, 7.5, 0, 0),
        "StableDiffusionPipelineSafe": (50, 7.5, 0, 0),
        "StableDiffusionSAGPipeline": (50, 7.5, 0, 0),
        "StableDiffusionXLPAGPipeline": (50, 5.0, 0, 0),
        "StableDiffusionXLPipeline": (50, 5.0, 0, 0),
        "VersatileDiffusionTextToImagePipeline": (50, 7.5, 0, 0),
        "ZImageOmniPipeline": (50, 5.0, 0, 0),
        "ZImagePipeline": (50, 5.0, 0, 0),
    }
)
