"""Import a picture of another tool: its pixels, its rebuilt noise, and what its tool recorded, as a record of ours.

Nothing is written here.  `latentpng import` writes the result into a file; warmer opens it as it is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from latentpng.foreign.cautions import cautions_of
from latentpng.foreign.choices import Choices
from latentpng.foreign.containers.pixels import decode_other, is_png
from latentpng.foreign.ingredients import Ingredients, ingredients_of
from latentpng.foreign.read import read_foreign
from latentpng.foreign.rebuild import Rebuilt, rebuild
from latentpng.foreign.record import ForeignRecord
from latentpng.noise.replay import record_of
from latentpng.png.files import pixel_digest, read_picture
from latentpng.record import Json, LatentRecord, Lineage, TensorRoot


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """A picture of another tool as one of ours.

    Attributes:
        record: The rebuilt noise as a tensor root, and the settings of the tool.
        foreign: What the tool wrote.
        width: Of the picture in pixels.
        height: Likewise.
        rgb: Its pixels, 8-bit R, G, B, row by row.
        is_png: Whether the file is a PNG.
        summary: Which noise was rebuilt and what was assumed, as a clause.
        warnings: What else made the picture, and what does not fit, one sentence each; the record holds them too.
    """

    record: LatentRecord
    foreign: ForeignRecord
    width: int
    height: int
    rgb: bytes
    is_png: bool
    summary: str
    warnings: tuple[str, ...] = ()


def import_picture(path: str | os.PathLike[str], choices: Choices | None = None) -> Imported:
    """Read a picture of another tool and rebuild its noise.

    Args:
        path: A picture with the metadata of its tool.
        choices: What a person knows besides; a size in it is not used, since the picture has one.

    Returns:
        The picture and its record, whose noise is marked as "unverified".

    Raises:
        UnreadableFileError: The file cannot be read or decoded.
        InvalidValueError: The noise cannot be known; the message names the reason.
    """
    png = is_png(path)
    width, height, rgb = read_picture(path) if png else decode_other(path)
    foreign = read_foreign(path)
    rebuilt = rebuild(foreign, replace(choices or Choices(), picture=(width, height)))
    more = ingredients_of(foreign)
    settings = _settings(foreign, more, rebuilt)
    warnings = cautions_of(foreign, more, rebuilt, (width, height), settings)
    return Imported(
        record=_record(rebuilt, settings, warnings, rgb),
        foreign=foreign,
        width=width,
        height=height,
        rgb=rgb,
        is_png=png,
        summary=_summary(rebuilt),
        warnings=warnings,
    )


def _record(rebuilt: Rebuilt, settings: dict[str, Json], warnings: tuple[str, ...], rgb: bytes) -> LatentRecord:
    told: dict[str, Json] = {"warnings": list(warnings)} if warnings else {}
    return record_of(
        Lineage(root=TensorRoot(source={**rebuilt.source, **told, "unverified": True})),
        rebuilt.noise,
        axes="CHW",
        root_tensor=rebuilt.noise,
        settings=settings,
        pixels=pixel_digest(rgb),
    )


def _settings(foreign: ForeignRecord, more: Ingredients, rebuilt: Rebuilt) -> dict[str, Json]:
    """Return the settings under the keys of SPEC.md, with the tool's own words as values."""
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


def _shown(value: Json) -> str:
    return " x ".join(map(str, value)) if isinstance(value, list) else str(value)
