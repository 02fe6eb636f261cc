"""`latentpng import`: rebuild the initial noise of another tool's picture and store it in a PNG with the picture."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from latentpng.commands.embedding import check_places, embed_into
from latentpng.commands.inputs import beside, each
from latentpng.commands.output import STANDARD_OUTPUT, add_output, say
from latentpng.errors import ExitCode, InvalidValueError
from latentpng.text import plain

if TYPE_CHECKING:
    from latentpng.foreign.choices import Choices
    from latentpng.foreign.rebuild import Rebuilt
    from latentpng.foreign.record import ForeignRecord
    from latentpng.record import Json, JsonObject, LatentRecord

_SUFFIX = ".latent.png"
_MAX_NEEDS = 600  # characters
_ASSUMED = """Whatever the file does not say is assumed and reported: that the tool drew its noise on its default \
device (CUDA for the web UIs), that this GPU held all values at once, that a CPU had AVX2, and the number of channels \
that the name of the model suggests. The new file marks its noise as "unverified": only a render can show that it is \
the right noise, as `warmer render FILE --check --confirm --model MODEL` does."""
_RANDOMNESS = "generator of the noise: cpu (torch's; also on a Mac), gpu (CUDA's) or nv (CUDA's, computed on the CPU)"
_GPU = "GPU that drew the noise: a name such as RTX 3060, or its multiprocessors x threads such as 28x1536"
_DTYPE = "dtype that was drawn: float32, float16, bfloat16, and coarse-float16 or coarse-bfloat16 of older torch"
_ARITHMETIC = """code path of torch's CPU generator; the paths differ in the last bit of some values. avx2 is the \
default: x86 processors with AVX2 or AVX-512. generic: processors without them, such as ARM and Apple silicon, and \
any processor under ATEN_CPU_CAPABILITY=default"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.description = f"{parser.description} {_ASSUMED}"
    parser.add_argument("file", metavar="FILE", help="a PNG, JPEG or WebP with the metadata of its tool")
    parser.add_argument("--as", default="", dest="tool", metavar="TOOL", help="follow the recipe of this tool")
    parser.add_argument("--randomness", default="", metavar="cpu|gpu|nv", help=_RANDOMNESS)
    parser.add_argument("--gpu", default="", metavar="NAME", help=_GPU)
    parser.add_argument("--channels", default=0, type=_number, metavar="N", help="latent channels: 4, 16, 32 or 128")
    parser.add_argument("--batch-index", type=_number, metavar="K", help="index of the picture in its batch, from 0")
    parser.add_argument("--batch-size", default=0, type=_number, metavar="N", help="number of pictures in that batch")
    parser.add_argument("--dtype", default="", metavar="NAME", help=_DTYPE)
    parser.add_argument("--arithmetic", default="", metavar="NAME", help=_ARITHMETIC)
    add_output(
        parser,
        "OUT.png",
        f"file to write (default: FILE with the suffix {_SUFFIX})",
        replaced="a different latent, or an output file,",
    )


def run(given: argparse.Namespace) -> ExitCode:
    """Import the picture and return the exit code."""

    def import_picture(file: str) -> ExitCode:
        from latentpng.foreign.containers.pixels import decode_other, is_png
        from latentpng.foreign.read import read_foreign
        from latentpng.foreign.rebuild import rebuild
        from latentpng.png.files import read_picture, write_picture

        if given.output == STANDARD_OUTPUT:
            raise InvalidValueError("import cannot write to standard output: name a file with --out")
        check_places(file, given.output, force=given.force)
        png = is_png(file)
        target = beside(file, _SUFFIX) if given.output is None else given.output
        check_places(file, target, force=given.force)
        width, height, rgb = read_picture(file) if png else decode_other(file)
        foreign = read_foreign(file)
        rebuilt = rebuild(foreign, _choices(given, (width, height)))
        record = _record(foreign, rebuilt, rgb)
        if png:
            embed_into(file, record, target, force=given.force)
        else:
            write_picture(target, width, height, rgb, record)
        say(f"{target}: {_summary(rebuilt)}")
        if also := _also(record.settings):
            say(f"{target}: besides noise, prompt and model it needs {also}")
        return ExitCode.OK

    return each([given.file], import_picture, folders=False)


def _choices(given: argparse.Namespace, picture: tuple[int, int]) -> Choices:
    from latentpng.foreign.choices import Choices

    return Choices(
        tool=given.tool,
        randomness=given.randomness,
        gpu=given.gpu,
        channels=given.channels,
        batch_index=given.batch_index,
        batch_size=given.batch_size,
        dtype=given.dtype,
        arithmetic=given.arithmetic,
        picture=picture,
    )


def _record(foreign: ForeignRecord, rebuilt: Rebuilt, rgb: bytes) -> LatentRecord:
    from latentpng.noise.replay import record_of
    from latentpng.png.files import pixel_digest
    from latentpng.record import Lineage, TensorRoot

    return record_of(
        Lineage(root=TensorRoot(source={**rebuilt.source, "unverified": True})),
        rebuilt.noise,
        axes="CHW",
        root_tensor=rebuilt.noise,
        settings=_settings(foreign, rebuilt),
        pixels=pixel_digest(rgb),
    )


def _settings(foreign: ForeignRecord, rebuilt: Rebuilt) -> dict[str, Json]:
    """Return the settings under the keys of SPEC.md, with the tool's own words as values."""
    from latentpng.foreign.ingredients import ingredients_of

    more = ingredients_of(foreign)
    scheduler: dict[str, Json] = {"name": foreign.sampler or foreign.scheduler}
    if foreign.sampler and foreign.scheduler:
        scheduler["schedule"] = foreign.scheduler
    model: dict[str, Json] = {
        "name": foreign.model,
        "hash": foreign.model_hash,
        "loras": [lora.to_json() for lora in more.loras],
        "embeddings": [embedding.to_json() for embedding in more.embeddings],
        "vae": more.vae.to_json() if more.vae else None,
    }
    model = {name: value for name, value in model.items() if value not in ("", [], None)}
    settings: dict[str, Json] = {
        "prompt": more.prompt,
        "negative_prompt": more.negative_prompt,
        "prompt_style": more.prompt_style,
        "clip_skip": more.clip_skip or None,
        "steps": foreign.num_inference_steps or None,
        "guidance": foreign.guidance_scale,
        "scheduler": scheduler if scheduler["name"] else None,
        "model": model or None,
        "passes": list(more.passes),
        "width": rebuilt.size[0],
        "height": rebuilt.size[1],
    }
    return {name: value for name, value in settings.items() if value not in ("", None, [])}


def _summary(rebuilt: Rebuilt) -> str:
    """Return what was rebuilt and what was assumed."""
    source = rebuilt.source
    facts = [f"{name} {_shown(source[name])}" for name in rebuilt.assumed]
    if "gpu" in rebuilt.assumed and source["gpu_matters"]:
        facts.append("and a smaller GPU draws different noise of this size")
    return f"noise of {source['recipe']}, seed {source['seed']}; assumed: {', '.join(facts) or 'nothing'}"


def _also(settings: JsonObject) -> str:
    """Return what else made the picture, in a few words; "" for nothing."""
    from latentpng.foreign.ingredients import needs

    return plain("; ".join(needs(settings)), _MAX_NEEDS)


def _shown(value: Json) -> str:
    return " x ".join(map(str, value)) if isinstance(value, list) else str(value)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"must be a whole number of at most 9 digits, found {text!r}")
    return int(text)
