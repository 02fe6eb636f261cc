"""What an import refuses and what it warns about: an example of each kind, with the whole sentence.

The tests compare the sentences with the code. `python -m tests.support.foreign.import_table` prints them as the
tables of docs/import.md, which a test compares with the page.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from latentpng.foreign.choices import Choices
from latentpng.foreign.noise.recipes import known_recipes
from latentpng.foreign.record import ForeignRecord

BASE: dict[str, Any] = {"tool": "a1111", "seed": 7, "width": 64, "height": 48}
AS = f"choose a recipe with --as, one of {known_recipes()}"
CHANNELS = "say its channels with --channels, one of 4, 16, 32, 128"
SERVICES = "and services do not say how they draw their noise"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One kind of file.

    Attributes:
        kind: What the file says, in words.
        says: The fields of its record, besides those of `BASE`.
        sentence: What the import says.
        picture: Width and height of the picture in pixels.
        helps: The choices that let the import go on; None when none do.
        option: The option of these choices, as the page names it.
        also: Further sentences that follow.
    """

    kind: str
    says: dict[str, Any]
    sentence: str
    picture: tuple[int, int] = (64, 48)
    helps: Choices | None = None
    option: str = ""
    also: tuple[str, ...] = ()

    @property
    def record(self) -> ForeignRecord:
        """The record that a reader makes of the file."""
        return ForeignRecord(**{**BASE, **self.says})


def extra(**fields: Any) -> tuple[tuple[str, Any], ...]:
    """Return fields of `extra`."""
    return tuple(fields.items())


def passed(kind: str, **fields: Any) -> tuple[tuple[str, Any], ...]:
    """Return the `extra` of a graph with one later pass."""
    return (("passes", [{"kind": kind, **fields}]),)


REFUSED: tuple[Row, ...] = (
    Row(
        kind="A closed service made the picture (Midjourney, ChatGPT, Gemini, Firefly)",
        says={"tool": "service", "made_by": "Midjourney", "seed": None},
        sentence=f"Midjourney made this picture, {SERVICES}",
    ),
    Row(
        kind="A closed service made it through SD.Next",
        says={"tool": "sdnext", "extra": extra(Pipeline="GoogleNanoBananaPipeline")},
        sentence=f"the service behind GoogleNanoBananaPipeline made this picture, {SERVICES}",
    ),
    Row(
        kind="The model has the name of a service's, and no hash",
        says={"tool": "sdnext", "model": "gemini-2.5-flash-image"},
        sentence=f"the file names gemini-2.5-flash-image, a model of a service, {SERVICES}; "
        f"if it is a model of your own, {AS}",
        helps=Choices(tool="a1111"),
        option="`--as`",
    ),
    Row(
        kind="The seed does not lead to the noise: samplers with noise of their own, video, Cascade and API nodes of "
        "ComfyUI, a seed that may have changed after the picture",
        says={"tool": "comfyui", "unknown_noise": "ClownsharKSampler draws noise of its own"},
        sentence="its noise cannot be rebuilt: ClownsharKSampler draws noise of its own",
    ),
    Row(
        kind="There is no seed",
        says={"seed": None},
        sentence="the metadata contains no seed",
    ),
    Row(
        kind="The seed is -1",
        says={"seed": -1},
        sentence="the metadata contains no seed: -1 only says that the tool was to choose one",
    ),
    Row(
        kind="The seed is below 0, in a tool that draws from no such seed",
        says={"tool": "comfyui", "seed": -3},
        sentence="the metadata contains no seed: -3 only says that the tool was to choose one",
    ),
    Row(
        kind="Nothing of a known tool",
        says={"tool": "", "seed": None},
        sentence="no metadata of a known tool was found",
    ),
    Row(
        kind="A seed, and no tool that is known",
        says={"tool": "unknown"},
        sentence=f"no metadata of a known tool was found: name the tool with --as, one of {known_recipes()}",
        helps=Choices(tool="comfyui"),
        option="`--as`",
    ),
    Row(
        kind="NovelAI",
        says={"tool": "novelai"},
        sentence=f"how NovelAI draws its noise is not published: {AS}",
        helps=Choices(tool="diffusers"),
        option="`--as`",
    ),
    Row(
        kind="Sites that use open models: TensorArt, SeaArt, PixAI and others",
        says={"made_by": "TensorArt"},
        sentence=f"TensorArt has not published how it draws its noise: {AS}",
        helps=Choices(tool="comfyui"),
        option="`--as`",
    ),
    Row(
        kind="Easy Diffusion",
        says={"tool": "easydiffusion"},
        sentence=f"Easy Diffusion has several engines that draw differently, and the file does not name one: {AS}",
        helps=Choices(tool="a1111"),
        option="`--as`",
    ),
    Row(
        kind="mflux",
        says={"tool": "mflux"},
        sentence="mflux draws its noise with the generator of Apple's MLX, which is not rebuilt here",
    ),
    Row(
        kind="Mochi Diffusion with a model of the FLUX family",
        says={"tool": "mochi", "model": "flux-2-klein"},
        sentence="Mochi Diffusion draws the noise of flux-2-klein with an engine that is not rebuilt here",
    ),
    Row(
        kind="Draw Things with a seed mode of its own",
        says={"tool": "drawthings"},
        sentence="the file does not say where Draw Things drew its noise: choose with --randomness",
        helps=Choices(randomness="nv"),
        option="`--randomness`",
    ),
    Row(
        kind="A video model",
        says={"model": "wan2.1_t2v_14b"},
        sentence="wan2.1_t2v_14b is a video model, whose noise covers all frames; "
        f"if this picture has a latent of its own, {CHANNELS}",
        helps=Choices(channels=16),
        option="`--channels`",
    ),
    Row(
        kind="A model of several stages (Stable Cascade, DeepFloyd IF, Kandinsky)",
        says={"tool": "sdnext", "extra": extra(Pipeline="StableCascadeCombinedPipeline")},
        sentence="StableCascadeCombinedPipeline is a model of several stages, which draws noise for each stage; "
        f"if this picture has a latent of its own, {CHANNELS}",
        helps=Choices(channels=4),
        option="`--channels`",
    ),
    Row(
        kind="A model that works on pixels (Chroma Radiance)",
        says={"model": "chroma-radiance-x0"},
        sentence="chroma-radiance-x0 is a model without a latent, which draws noise in pixels; "
        f"if this picture has a latent of its own, {CHANNELS}",
        helps=Choices(channels=16),
        option="`--channels`",
    ),
    Row(
        kind="HunyuanImage",
        says={"model": "hunyuanimage2.1"},
        sentence="hunyuanimage2.1 is a HunyuanImage model, whose latent has a form that is not known here; "
        f"if this picture has a latent of its own, {CHANNELS}",
        helps=Choices(channels=16),
        option="`--channels`",
    ),
    Row(
        kind="A model for sound",
        says={"tool": "comfyui", "model": "ace_step_v1_3.5b"},
        sentence="ace_step_v1_3.5b is a model for sound, which draws noise for sound; "
        f"if this picture has a latent of its own, {CHANNELS}",
        helps=Choices(channels=4),
        option="`--channels`",
    ),
    Row(
        kind="A model that draws no noise of a whole picture (Janus, Emu3)",
        says={"model": "Janus-Pro-7B"},
        sentence="Janus-Pro-7B is a model that writes a picture piece by piece, "
        "which draws no noise of a whole picture; "
        f"if this picture has a latent of its own, {CHANNELS}",
        helps=Choices(channels=16),
        option="`--channels`",
    ),
    Row(
        kind="A pipeline of SD.Next whose latent is not known",
        says={"tool": "sdnext", "extra": extra(Pipeline="HarbourPipeline")},
        sentence=f"which latent the pipeline HarbourPipeline works on is not known: {CHANNELS}",
        helps=Choices(channels=4),
        option="`--channels`",
    ),
    Row(
        kind="A latent with a number of channels that is not known",
        says={"tool": "comfyui", "channels": 48},
        sentence="its latent has 48 channels, and only 4, 16, 32, 128 are known",
    ),
    Row(
        kind="Perlin noise (InvokeAI 2)",
        says={"tool": "invokeai", "extra": extra(perlin=0.1)},
        sentence="Perlin noise was mixed into the initial noise, and that cannot be rebuilt",
    ),
    Row(
        kind="`std_default` of stable-diffusion.cpp",
        says={"tool": "sdcpp", "extra": extra(RNG="std_default")},
        sentence="the noise was drawn by std_default, the generator of a C++ standard library that the file does not "
        "name",
    ),
    Row(
        kind="A picture whose noise is too large",
        says={"width": 8192, "height": 8192},
        sentence="the noise of a picture of 8192 x 8192 pixels cannot be stored: "
        "it has 4,194,304 values with 4 channels, and a file can store 2,097,152",
    ),
    Row(
        kind="A picture that is too small",
        says={"width": 4, "height": 48},
        sentence="a picture of 4 x 48 pixels is too small to have noise: each side needs at least 8",
    ),
)
WARNED: tuple[Row, ...] = (
    Row(
        kind="img2img",
        says={"extra": (("Denoising strength", "0.45"),)},
        sentence="img2img: this noise was added to another picture at denoise 0.45, "
        "and that picture is not in the file",
    ),
    Row(
        kind="Inpainting and outpainting",
        says={"extra": (("Denoising strength", "0.7"), ("Mask blur", "4"))},
        sentence="inpainting: this noise was added to a part of another picture at denoise 0.7, "
        "and neither that picture nor the mask is in the file",
    ),
    Row(
        kind="A hires pass",
        says={"extra": (("Denoising strength", "0.5"), ("Hires upscale", "2"))},
        picture=(128, 96),
        sentence="hires: this is the noise of the first pass at 64 x 48, and the picture has 128 x 96; "
        "a further pass redrew it (Hires upscale 2, Denoising strength 0.5)",
    ),
    Row(
        kind="A second pass in a graph",
        says={"tool": "comfyui", "extra": passed("hires", node="KSampler", steps=14, denoise=0.5)},
        sentence="hires: this is the noise of the first pass at 64 x 48; "
        "a further pass redrew it (node KSampler, steps 14, denoise 0.5)",
    ),
    Row(
        kind="A refiner",
        says={"extra": (("Refiner", "fine.safetensors [0123456789]"), ("Refiner switch at", "0.8"))},
        sentence="refiner: a second model finished what this noise began "
        "(Refiner fine.safetensors [0123456789], Refiner switch at 0.8)",
    ),
    Row(
        kind="A further sampler that adds no noise",
        says={"tool": "comfyui", "extra": passed("sampler", node="KSamplerAdvanced", steps=14)},
        sentence="sampler: a further sampler finished what this noise began (node KSamplerAdvanced, steps 14)",
    ),
    Row(
        kind="An upscaler, another size in a graph",
        says={"extra": (("Postprocess upscale by", "2"),)},
        picture=(128, 96),
        sentence="upscale: the picture was resized from 64 x 48 to 128 x 96 after this noise was used "
        "(Postprocess upscale by 2)",
    ),
    Row(
        kind="A service that went on with the picture",
        says={"tool": "comfyui", "extra": passed("service", node="RecraftCrispUpscaleNode", service="Recraft")},
        sentence="service: a service redrew the picture afterwards (node RecraftCrispUpscaleNode, service Recraft)",
    ),
    Row(
        kind="A detailer",
        says={"extra": (("ADetailer model", "face.pt"),)},
        sentence="detailer: parts of the picture were redrawn with noise of their own (ADetailer model face.pt)",
    ),
    Row(
        kind="Face restoration",
        says={"extra": (("Face restoration", "CodeFormer"),)},
        sentence="face restoration: a model for faces changed the picture afterwards (Face restoration CodeFormer)",
    ),
    Row(
        kind="ControlNet, image prompts, hypernetworks, regions, tiling, dynamic thresholding, FreeU",
        says={"extra": (("ControlNet 0", "canny"),)},
        sentence="controlnet: this took part in the picture too (ControlNet 0 canny), and is not in the noise",
    ),
    Row(
        kind="A picture of another size",
        says={},
        picture=(100, 100),
        sentence="the noise is that of 64 x 48, as the file says, and the picture has 100 x 100: "
        "something that the file does not name resized or cropped it",
    ),
    Row(
        kind="A seed for the sampler's own noise",
        says={"extra": (("ENSD", "31337"),)},
        sentence="the sampler drew its own noise from the seed plus 31337, which is not rebuilt",
    ),
    Row(
        kind="A LoRA tag with several weights",
        says={"prompt": "a boat <lora:ink:0.8:0.4:lbw=MID>"},
        sentence="LoRA: the tag <lora:ink:0.8:0.4:lbw=MID> has several weights, and only 0.4 is kept",
        also=("besides noise, prompt and model it needs LoRA ink (0.4)",),
    ),
    Row(
        kind="LoRA files, textual inversions, a VAE, clip skip",
        says={"prompt": "a boat <lora:ink:0.8>", "extra": (("Clip skip", "2"),)},
        sentence="besides noise, prompt and model it needs LoRA ink (0.8); clip skip 2",
    ),
    Row(
        kind="Civitai's generator",
        says={"made_by": "Civitai"},
        sentence="Civitai does not say which program draws the noise of its generator, so that of ComfyUI is assumed",
    ),
    Row(
        kind="The AI Horde",
        says={"tool": "horde"},
        sentence="the file does not say which worker of the AI Horde drew the noise, so that of ComfyUI is assumed",
    ),
    Row(
        kind="Spaces of Hugging Face",
        says={"tool": "huggingface"},
        sentence="the file does not say how this space draws its noise, so that of diffusers on the CPU is assumed",
    ),
    Row(
        kind="What the reader of the file noted",
        says={"notes": ("the checksum of its text is wrong",)},
        sentence="the checksum of its text is wrong",
    ),
)


def table(rows: Sequence[Row], *, options: bool) -> list[str]:
    """Return rows as a table of the page, with the list of recipes cut short."""
    heads = ("what the file says", "what is said", *(["what helps"] if options else []))
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        sentence = row.sentence.replace(known_recipes(), "...")
        cells = (row.kind, sentence, *([row.option or "nothing"] if options else []))
        lines.append(f"| {' | '.join(cell.replace('<', '&lt;') for cell in cells)} |")
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join((*table(REFUSED, options=True), "", *table(WARNED, options=False), "")))
