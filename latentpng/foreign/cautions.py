"""What a person should know about rebuilt noise that is right but is not all that made the picture: one sentence each.

Passes over another picture, later passes, sizes that do not fit, and whatever the file names besides. Reasons for which
there is no noise at all stand in `refusals.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from latentpng.foreign.ingredients import Ingredients, needs
from latentpng.foreign.passes import facts_of
from latentpng.foreign.rebuild import Rebuilt
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.lora_tags import split_weights
from latentpng.record import JsonObject
from latentpng.text import plain

MAX_CAUTIONS = 32
_MAX_SENTENCE = 600  # characters
_MAX_FACTS = 200
_SHARES = ("denoise", "Denoising strength", "initimagecreativity", "img2img_strength", "prompt_strength", "strength")
_ENLARGING = frozenset({"hires", "upscale", "resize", "service", "detailer", "face restoration", "outpaint"})
"""Passes after which a picture may have another size than its noise."""
_SAMPLER_SEEDS = ("ENSD", "Eta noise seed delta", "eta_noise_seed_delta")


def cautions_of(
    record: ForeignRecord, ingredients: Ingredients, rebuilt: Rebuilt, picture: tuple[int, int], settings: JsonObject
) -> tuple[str, ...]:
    """Return what a person should know, the most important first.

    Args:
        record: What the file says.
        ingredients: What else made the picture.
        rebuilt: The noise.
        picture: Width and height of the picture in pixels.
        settings: The settings that the picture keeps.
    """
    found = [
        *([rebuilt.doubt] if rebuilt.doubt else []),
        *(_pass_said(each, rebuilt.size, picture) for each in ingredients.passes),
        *_of_size(rebuilt, ingredients, picture),
        *_of_sampler(record),
        *_of_weights(record),
        *_besides(settings),
        *record.notes,
    ]
    return tuple(dict.fromkeys(plain(sentence, _MAX_SENTENCE) for sentence in found))[:MAX_CAUTIONS]


def _pass_said(told: JsonObject, size: tuple[int, int], picture: tuple[int, int]) -> str:
    kind = loose.text(told.get("kind"))
    say = _SAID.get(kind)
    if say:
        return say(told, size, picture)
    return f"{kind or 'a further pass'}: this took part in the picture too{_facts(told)}, and is not in the noise"


def _redrawn(told: JsonObject, size: tuple[int, int], picture: tuple[int, int]) -> str:
    del size, picture
    if loose.real(told.get("denoise")) == 1 and not told.get("start_at_step"):
        return "img2img: this noise replaced another picture at denoise 1, so next to nothing of that picture is left"
    added = f"this noise was added to another picture{_share(told)}"
    return f"img2img: {added}, and that picture is not in the file"


def _inpainted(told: JsonObject, size: tuple[int, int], picture: tuple[int, int]) -> str:
    del size, picture
    added = f"this noise was added to a part of another picture{_share(told)}"
    return f"inpainting: {added}, and neither that picture nor the mask is in the file"


def _share(told: JsonObject) -> str:
    """Return how much of the other picture was replaced, in words; "" when that is not known."""
    shares = (loose.real(told.get(name)) for name in _SHARES)
    share = next((share for share in shares if share is not None), None)
    return "" if share is None else f" at denoise {share:g}"


def _enlarged(told: JsonObject, size: tuple[int, int], picture: tuple[int, int]) -> str:
    grown = "" if size == picture else f", and the picture has {_by(picture)}"
    return f"hires: this is the noise of the first pass at {_by(size)}{grown}; a further pass redrew it{_facts(told)}"


def _refined(told: JsonObject, size: tuple[int, int], picture: tuple[int, int]) -> str:
    del size, picture
    return f"refiner: a second model finished what this noise began{_facts(told)}"


def _continued(told: JsonObject, size: tuple[int, int], picture: tuple[int, int]) -> str:
    del size, picture
    return f"sampler: a further sampler finished what this noise began{_facts(told)}"


def _scaled(told: JsonObject, size: tuple[int, int], picture: tuple[int, int]) -> str:
    grown = "" if size == picture else f" from {_by(size)} to {_by(picture)}"
    return f"{loose.text(told.get('kind'))}: the picture was resized{grown} after this noise was used{_facts(told)}"


def _served(told: JsonObject, size: tuple[int, int], picture: tuple[int, int]) -> str:
    del size, picture
    return f"service: a service redrew the picture afterwards{_facts(told)}"


def _detailed(told: JsonObject, size: tuple[int, int], picture: tuple[int, int]) -> str:
    del size, picture
    return f"detailer: parts of the picture were redrawn with noise of their own{_facts(told)}"


def _regional(told: JsonObject, size: tuple[int, int], picture: tuple[int, int]) -> str:
    del size, picture
    return f"regions: parts of the picture have prompts or settings of their own{_facts(told)}"


def _restored(told: JsonObject, size: tuple[int, int], picture: tuple[int, int]) -> str:
    del size, picture
    return f"face restoration: a model for faces changed the picture afterwards{_facts(told)}"


_SAID: Mapping[str, Callable[[JsonObject, tuple[int, int], tuple[int, int]], str]] = {
    "img2img": _redrawn,
    "inpaint": _inpainted,
    "outpaint": _inpainted,
    "hires": _enlarged,
    "refiner": _refined,
    "sampler": _continued,
    "upscale": _scaled,
    "resize": _scaled,
    "service": _served,
    "detailer": _detailed,
    "face restoration": _restored,
    "regions": _regional,
}
"""What to say about each kind of pass; about the others, that they took part."""


def _of_size(rebuilt: Rebuilt, ingredients: Ingredients, picture: tuple[int, int]) -> Iterator[str]:
    """Yield that the picture has another size than its noise, unless a pass says why."""
    cell = rebuilt.size[0] // rebuilt.noise.shape[2]
    fits = all(abs(drawn - found) < cell for drawn, found in zip(rebuilt.size, picture, strict=True))
    if min(picture) > 0 and not fits and not any(map(_enlarges, ingredients.passes)):
        sizes = f"{_by(rebuilt.size)}, as the file says, and the picture has {_by(picture)}"
        yield f"the noise is that of {sizes}: something that the file does not name resized or cropped it"


def _enlarges(told: JsonObject) -> bool:
    return loose.text(told.get("kind")) in _ENLARGING or any("upscale" in name.casefold() for name in told)


def _of_sampler(record: ForeignRecord) -> Iterator[str]:
    fields = dict(record.extra)
    moved = next((value for name in _SAMPLER_SEEDS if (value := loose.whole(fields.get(name)))), 0)
    if moved:
        yield f"the sampler drew its own noise from the seed plus {moved}, which is not rebuilt"


def _of_weights(record: ForeignRecord) -> Iterator[str]:
    for tag, kept in split_weights(record.prompt, unet_first=record.tool == "swarmui"):
        yield f"LoRA: the tag {tag} has several weights, and only {kept} is kept"


def _besides(settings: JsonObject) -> Iterator[str]:
    if also := "; ".join(needs(settings)):
        yield f"besides noise, prompt and model it needs {also}"


def _facts(told: JsonObject) -> str:
    facts = plain(facts_of(told), _MAX_FACTS)
    return f" ({facts})" if facts else ""


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
