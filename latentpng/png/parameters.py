"""The `parameters` text of a picture, in the form that Stable Diffusion web UI introduced.

Many tools show prompt, seed and sampler from it.  It is written for people and never read back for replay.
"""

from __future__ import annotations

from latentpng.record import Json, JsonObject, Lineage, SeedRoot

KEYWORD = "parameters"
OWN_TOOL = "latentpng"
ENDING = f"Version: {OWN_TOOL} 1"  # `strip` recognises our text by it


def parameters_text(settings: JsonObject, lineage: Lineage) -> str:
    """Return the text; "" if there is no prompt.

    Args:
        settings: How the picture was rendered.
        lineage: The lineage of the picture; the seed of a seeded root is written.
    """
    prompt = settings.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        return ""
    lines = [prompt]
    negative = settings.get("negative_prompt")
    if isinstance(negative, str) and negative:
        lines.append(f"Negative prompt: {negative}")
    lines.append(", ".join([*(f"{name}: {value}" for name, value in _fields(settings, lineage)), ENDING]))
    return "\n".join(lines)


def is_own_text(text: str) -> bool:
    """Return whether `parameters_text` wrote a text, in this version of the program or in another."""
    last = text.rpartition("\n")[2]
    return last == ENDING or last.endswith(f", {ENDING}")


def _fields(settings: JsonObject, lineage: Lineage) -> list[tuple[str, str]]:
    fields = [
        ("Steps", _shown(settings.get("steps"))),
        ("Sampler", _shown(_named(settings.get("scheduler")))),
        ("CFG scale", _shown(settings.get("guidance"))),
    ]
    if isinstance(lineage.root, SeedRoot):
        fields.append(("Seed", str(lineage.root.seed)))
    width, height = settings.get("width"), settings.get("height")
    if isinstance(width, int) and isinstance(height, int):
        fields.append(("Size", f"{width}x{height}"))
    fields.append(("Model", _shown(_named(settings.get("model")))))
    if lineage.rounds:
        fields.append(("Variations", str(len(lineage.rounds))))
    return [(name, value) for name, value in fields if value]


def _named(value: Json) -> Json:
    """Return the name of a scheduler or a model: the `name` of an object, or the value itself."""
    return value.get("name") if hasattr(value, "get") else value  # type: ignore[union-attr]  # hasattr has looked


def _shown(value: Json) -> str:
    """Return a number or a text as one field, without commas and line breaks, which would end it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return " ".join(text.replace(",", " ").split())
