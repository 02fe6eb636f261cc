"""What a person should know before a search begins with noise that was rebuilt from another tool's metadata.

The first words say what to look at; then come the assumptions, in words, and what else made the picture.
"""

from __future__ import annotations

from collections.abc import Iterator

from latentpng.foreign.importing import Imported
from latentpng.foreign.names import TOOL_NAMES
from latentpng.record import JsonObject, TensorRoot
from latentpng.text import plain

MAX_WARNINGS, MAX_WARNING = 8, 300
"""Warnings of an import that are shown, and the characters of each."""
_DRAWS = {"cpu": "drawn on a CPU", "gpu": "drawn on an NVIDIA GPU", "nv": "drawn as an NVIDIA GPU does"}
_WORDS = {
    "channels": "{} channels",
    "dtype": "drawn in {}",
    "batch_index": "index {} in its batch",
    "batch_size": "a batch of {}",
    "arithmetic": "{} instructions",
}
"""How an assumed value of `source` is worded."""


def notice_of(imported: Imported) -> str:
    """Return what was rebuilt, how to judge it, what was assumed, and what else made the picture.

    Args:
        imported: A picture of another tool.

    Returns:
        A line of clauses, the most important ones first.
    """
    root = imported.record.lineage.root
    source = root.source if isinstance(root, TensorRoot) else {}
    recipe = str(source.get("recipe", ""))
    assumed = ", ".join(_assumed(source))
    begin = (
        f"noise rebuilt from seed {source.get('seed')} as {TOOL_NAMES.get(recipe, recipe)} draws it, not verified: "
        f"does the first picture look like the file? assumed: {assumed or 'nothing'}"
    )
    return "; ".join((plain(begin), *_warnings(source)))


def _assumed(source: JsonObject) -> Iterator[str]:
    """Yield the values that neither the file nor a person said, in words."""
    names = source.get("assumed")
    for name in names if isinstance(names, list | tuple) else ():
        match name, source.get(str(name)):
            case "size", [width, height]:
                yield f"{width} x {height} pixels"
            case "recipe", _:
                yield "this way of drawing"
            case "randomness", where:
                yield _DRAWS.get(str(where), f"drawn with {where}")
            case "gpu", _ if source.get("gpu_matters"):
                yield "a large GPU (a smaller one draws different noise)"
            case "gpu", _:
                pass  # every GPU draws the same
            case _, value:
                yield _WORDS.get(str(name), f"{name} {{}}").format(value)


def _warnings(source: JsonObject) -> Iterator[str]:
    """Yield what an import recorded that a person should know, a sentence each."""
    found = source.get("warnings")
    sentences = found if isinstance(found, list | tuple) else ()
    yield from (plain(each, MAX_WARNING) for each in sentences[:MAX_WARNINGS] if isinstance(each, str))
