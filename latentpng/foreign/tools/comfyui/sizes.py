"""Find the size in pixels that a node gives to latents: in numbers, in the text of a preset, or behind links.

The text of a preset counts before the numbers beside it, because the nodes that have both use the numbers only for a
"custom" size.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.layouts import plain
from latentpng.foreign.tools.comfyui.outputs import output_of, resolve
from latentpng.foreign.tools.comfyui.values import linked_number, number_of, word_of
from latentpng.record import Json

MAX_NODES = 64  # nodes that one size may depend on
MAX_SIZES = 256  # nodes of one graph whose size is looked for
MAX_PRESETS = 8  # texts of one node that may contain a size
_PAIRS = (
    ("empty_latent_width", "empty_latent_height"),
    ("width", "height"),
    ("latent_width", "latent_height"),
    ("image_width", "image_height"),
    ("custom_width", "custom_height"),
    ("target_width", "target_height"),
    ("Width", "Height"),
    ("size_x", "size_y"),
)
_MEASURES = re.compile(r"(get)?(image)?(size|resolution|dimensions)|.*(getimagesize|getresolution|imagesize).*")
_KEEPS = re.compile(r"keep|resize|true|yes|ratio|long|short", re.IGNORECASE)  # the size is then a limit only
_FITS = ("keep_proportion", "method", "fit", "mode", "resize_mode", "proportion")
_OVERRIDES = ("width_override", "height_override")
_PRESET_NAMES = re.compile(
    r".*(aspect|dimension|resolution|preset|ratio|size|format)s?(_?(preset|selected|name|label|text))?", re.IGNORECASE
)
_NOT_PRESETS = re.compile(r"batch|tile|guide|max_|min_|crop|swap|upscale|save|kernel|mask", re.IGNORECASE)
_IN_TEXT = re.compile(r"(?<![0-9.])([1-9][0-9]{1,4})\s*[x×*]\s*([1-9][0-9]{1,4})(?![0-9.])", re.IGNORECASE)
_CUSTOM = re.compile(r"custom|width x height|自定义|manual", re.IGNORECASE)
_RATIO = re.compile(r"([0-9]{1,3})\s*:\s*([0-9]{1,3})")
_SWAPS = ("swap_dimensions", "swap", "invert", "swap_width_height", "swap_wh", "flip", "flip_dimensions", "inverse")
_UPRIGHT = re.compile(r"portrait|vertical", re.IGNORECASE)
_LYING = re.compile(r"landscape|horizontal", re.IGNORECASE)
_ON = (True, "On", "on", "ON", "true", "True", "yes", "Yes", "enable", "enabled")
_MEGAPIXELS = ("megapixel", "megapixels")
_DIVISORS = ("divisible_by", "multiple", "multiple_of", "round_to")
_ENLARGES = re.compile(r"^latentupscaleby$|^latentscaleby$")
_CELL = 8  # pixels of one cell of a latent along a side
_MAX_FACTOR = 64.0
_MAX_BETWEEN = 64  # nodes between empty latents and their sampler
_MAX_TEXT = 200  # characters of a preset


def size_of(graph: Graph, node: Node) -> tuple[int, int]:
    """Return the width and height in pixels that a node gives to latents; (0, 0) when it has none.

    Args:
        graph: The graph of the picture.
        node: A node that makes or resizes latents, a loader, or a node that only answers numbers.
    """
    return _size(graph, node, {})


def _size(graph: Graph, node: Node, known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Return the size of a node; known: the sizes of nodes by ID, so that cycles end."""
    found: dict[str, tuple[int, int]] = graph.once("sizes", dict)
    if node.key in found:
        return found[node.key]
    if node.key not in known and len(known) < MAX_NODES and len(found) < MAX_SIZES:
        known[node.key] = (0, 0)
        found[node.key] = known[node.key] = _found_size(graph, node, known)
    return known.get(node.key, (0, 0))


def _found_size(graph: Graph, node: Node, known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    width, height = _preset(graph, node) or _ratio(graph, node) or _numbers(graph, node, known)
    if not width and _MEASURES.fullmatch(plain(node.kind)):
        return _measured(graph, node, known)
    overriding = [loose.count(number_of(graph, node, name)) for name in _OVERRIDES]
    width, height = overriding[0] or width, overriding[1] or height
    if any(node.inputs.get(name) in _ON for name in _SWAPS) or _is_turned(graph, node, width, height):
        width, height = height, width
    scale = loose.real(number_of(graph, node, "prescale_factor")) if "prescale_factor" in node.inputs else None
    if scale is not None and scale > 0:
        width, height = int(width * scale), int(height * scale)
    return (width, height) if width and height else (0, 0)


def _measured(graph: Graph, node: Node, known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Return the size of the picture that a node measures, where the node that makes it has exactly this size."""
    source = graph.target(resolve(graph, node.inputs.get("image", node.inputs.get("images")), "image"))
    if source is None or any(_is_limit(source.inputs.get(name)) for name in _FITS):
        return 0, 0
    return _size(graph, source, known)


def _is_limit(value: Json) -> bool:
    """Return whether a way to resize a picture takes its size as a limit only."""
    return value is True or _KEEPS.search(loose.text(value)[:_MAX_TEXT]) is not None


def enlarged(graph: Graph, size: tuple[int, int], nodes: Iterable[Node]) -> tuple[int, int]:
    """Return the size of empty latents after nodes that enlarge them by a factor, as LatentUpscaleBy does.

    Args:
        graph: The graph of the picture.
        size: Width and height in pixels before.
        nodes: The nodes between, in their order.
    """
    for node in islice(nodes, _MAX_BETWEEN):
        factor = loose.real(number_of(graph, node, "scale_by")) if _ENLARGES.search(plain(node.kind)) else None
        if factor is not None and 0 < factor <= _MAX_FACTOR:
            size = round(size[0] // _CELL * factor) * _CELL, round(size[1] // _CELL * factor) * _CELL
    return size


def _is_turned(graph: Graph, node: Node, width: int, height: int) -> bool:
    """Return True when a node has an orientation of its own that its size does not have."""
    orientation = word_of(graph, node, "orientation")[:_MAX_TEXT]
    wrong = _UPRIGHT if width > height else _LYING if width < height else None
    return wrong is not None and wrong.match(orientation) is not None


def _preset(graph: Graph, node: Node) -> tuple[int, int] | None:
    """Return the size in the text of a preset; None for a node without one, or when it says that the size is custom."""
    for text in _presets(graph, node):
        found = _IN_TEXT.search(text)
        if found and not _CUSTOM.search(text):
            return int(found[1]), int(found[2])
    return None


def _presets(graph: Graph, node: Node) -> Iterator[str]:
    short = (name for name in node.inputs if len(name) < _MAX_TEXT)
    names = (name for name in short if _PRESET_NAMES.fullmatch(name) and not _NOT_PRESETS.search(name))
    for name in islice(names, MAX_PRESETS):
        yield word_of(graph, node, name)[:_MAX_TEXT]


def _ratio(graph: Graph, node: Node) -> tuple[int, int] | None:
    """Return the size of a node that is given a number of megapixels and a ratio; None for all others."""
    megapixels = loose.real(number_of(graph, node, *_MEGAPIXELS))
    is_custom = node.inputs.get("custom_ratio") in _ON
    text = word_of(graph, node, "custom_aspect_ratio" if is_custom else "aspect_ratio", "ratio")
    found = _RATIO.match(text[:_MAX_TEXT])
    if megapixels is None or not 0 < megapixels <= 2**10 or found is None or "0" in (found[1], found[2]):
        return None
    across, down = int(found[1]), int(found[2])
    is_core = "megapixel" not in node.inputs  # ResolutionSelector counts in 1024 x 1024
    side = math.sqrt(megapixels * (2**20 if is_core else 10**6) / (across * down))
    step = loose.count(number_of(graph, node, *_DIVISORS)) or (8 if is_core else _usual_step(megapixels))
    width, height = (round((part if is_core else int(part)) / step) * step for part in (across * side, down * side))
    return width, height


def _usual_step(megapixels: float) -> int:
    """Return the divisor that FluxResolutionNode used before it could be chosen."""
    if megapixels < 1:
        return 8
    return 64 if megapixels < 2 else 32


def _numbers(graph: Graph, node: Node, known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    for names in _PAIRS:
        if any(node.inputs.get(name) is None for name in names):
            continue
        across, down = (node.inputs[name] for name in names)
        width, height = _both(graph, across, down, known) or (
            _side(graph, across, 0, known),
            _side(graph, down, 1, known),
        )
        if width and height:
            return width, height
    return 0, 0


def _both(graph: Graph, across: Json, down: Json, known: dict[str, tuple[int, int]]) -> tuple[int, int] | None:
    """Return the size that one node answers in two outputs, in the order in which they are linked; None for others."""
    source = graph.target(across)
    if source is None or source is not graph.target(down):
        return None
    width, height = _size(graph, source, known)
    if not width:
        return None
    return (height, width) if output_of(across) > output_of(down) else (width, height)


def _side(graph: Graph, value: Json, axis: int, known: dict[str, tuple[int, int]]) -> int:
    """Return the width (axis 0) or height (axis 1) behind the value of an input."""
    name = ("width", "height")[axis]
    source = graph.target(resolve(graph, value, name))
    size = _size(graph, source, known) if source is not None else (0, 0)
    return size[axis] or loose.count(linked_number(graph, value, name))
