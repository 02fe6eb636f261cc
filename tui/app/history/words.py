"""What happened at a node of the history, in words: pure functions from recorded values to plain text.

Settings come from files, so every value may be of the wrong kind or hold control characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.search.axis import Axis, axis_of, scale_of
from engine.search.bands import Bands, bands_of, step_correlation
from engine.search.history import NodeKind, Tree
from engine.search.regions import region_words
from latentpng.json_fields import is_number
from latentpng.record import Json, JsonObject, Lineage, Round, SeedRoot
from latentpng.text import plain
from tui.app.phrases import BANDS, percent

MAX_WORDS = 200
"""Characters of a recorded value on one line."""
_MAX_PARTS = 4
"""The regions of one pick that are named."""
_NAMES = {
    "steps": "steps",
    "guidance": "guidance",
    "width": "width",
    "height": "height",
    "prompt_style": "prompt style",
    "clip_skip": "clip skip",
}


def node_words(tree: Tree, index: int) -> str:
    """Return what a node is and how it came about, on one line."""
    node = tree.nodes[index]
    last = node.last_round
    if node.kind is NodeKind.ROOT or last is None:
        return f"start · {root_words(node.lineage)}"
    if node.kind is NodeKind.EDIT:
        return f"edit · {change_words(last)}"
    step = tree.step(index)
    words = [str(node.picks), f"scale {scale_of(last):.2g}"]
    words += [text for text in (_axis_name(last), _bands_name(last)) if text]
    if last.region:
        words.append(region_marks(step))
    elif len(last.marks) > 1:
        words.append(f"blend of {len(last.marks)}")
    return " · ".join(words)


def region_marks(step: Sequence[Round]) -> str:
    """Return which candidates a pick by region took, as the app counts: "2 regions: 3 top left, 5+6 left half"."""
    parts = [f"{'+'.join(str(mark + 1) for mark in round_.marks)} {_place(round_.region)}" for round_ in step]
    hidden = len(parts) - _MAX_PARTS
    shown = ", ".join([*parts[:_MAX_PARTS], *([f"{hidden} more"] if hidden > 0 else [])])
    return f"{len(parts)} regions: {shown}" if len(parts) > 1 else shown


def node_facts(tree: Tree, index: int) -> str:
    """Return how a node came about, in a sentence or two."""
    node = tree.nodes[index]
    last = node.last_round
    if node.kind is NodeKind.ROOT or last is None:
        return f"the start: {root_words(node.lineage)}"
    if node.kind is NodeKind.EDIT:
        return f"the same noise with other settings: {change_words(last)}"
    varied = "" if axis_of(last) is Axis.PROMPT else f"; {BANDS[bands_of(last.bands, len(last.bands))]}"
    regions = f"; {region_marks(tree.step(index))}" if last.region else ""
    return f"{kept_words(tree.step(index))}{varied}{regions}"


def kept_words(step: Sequence[Round]) -> str:
    """Return the scale of a step, and how much of the parent it keeps."""
    round_ = step[-1]
    axis = axis_of(round_)
    if axis is Axis.PROMPT:
        return f"prompt scale {round_.prompt_scale:.2g}, keeps the noise of its parent"
    also = f", prompt scale {round_.prompt_scale:.2g}" if axis is Axis.BOTH else ""
    return f"scale {round_.scale:.2g} keeps {percent(step_correlation(step))} of its parent{also}"


def root_words(lineage: Lineage) -> str:
    """Return where the noise of a lineage starts."""
    root = lineage.root
    if isinstance(root, SeedRoot):
        return f"seed {root.seed}"
    if "photo" in root.source:
        return "noise of a photograph"
    tool = text_in(root.source, "tool")
    return f"noise of {plain(tool, 40)}" if tool else "stored noise"


def change_words(round_: Round) -> str:
    """Return what an edit changed, on one line."""
    before, after = round_.before, round_.settings
    words = [text for key, value in after.items() for text in _change(key, before.get(key), value)]
    if "width" in after and "height" in after:
        words = [*(word for word in words if not word.startswith(("width ", "height "))), _size(after)]
    return plain(", ".join(words), MAX_WORDS) or "nothing"


def scheduler_words(entry: Json) -> str:
    """Return a recorded scheduler: its name without "Scheduler", and its options."""
    if not isinstance(entry, Mapping) or not entry:
        return "the model's own"
    name, options = entry.get("name"), entry.get("options")
    words = [name.removesuffix("Scheduler") if isinstance(name, str) and name else "the model's own"]
    if isinstance(options, Mapping):
        words += [key if value is True else f"{key}: {value}" for key, value in options.items()]
    eta = entry.get("eta")
    words += [f"eta {eta:g}"] if is_number(eta) and eta else []
    return plain(", ".join(words), MAX_WORDS)


def lora_words(model: Json) -> str:
    """Return the LoRAs of a recorded model with their weights; "" for none."""
    entries = model.get("loras") if isinstance(model, Mapping) else None
    if not isinstance(entries, list | tuple):
        return ""
    return ", ".join(_lora(entry) for entry in entries if isinstance(entry, Mapping))


def text_in(entry: Json, key: str) -> str:
    """Return a text of a recorded object, "" where there is none."""
    value = entry.get(key) if isinstance(entry, Mapping) else None
    return value if isinstance(value, str) else ""


def _change(key: str, before: Json, after: Json) -> Iterator[str]:
    """Yield what changed of one setting; settings that are not known here are left out."""
    if key == "prompt":
        yield f"prompt “{plain(after, 80)}”" if isinstance(after, str) else "no prompt"
    elif key == "negative_prompt":
        yield f"negative prompt “{plain(after, 60)}”" if isinstance(after, str) and after else "no negative prompt"
    elif key == "scheduler":
        yield f"scheduler {scheduler_words(after)}"
    elif key == "model":
        yield from _model_change(before, after)
    elif key in _NAMES:
        old = f"{_value(before)} → " if before is not None else ""
        yield f"{_NAMES[key]} {old}{_value(after)}"


def _size(settings: JsonObject) -> str:
    return f"size {_value(settings['width'])} x {_value(settings['height'])}"


def _model_change(before: Json, after: Json) -> Iterator[str]:
    old, new = text_in(before, "name"), text_in(after, "name")
    was_other = text_in(before, "fingerprint") != text_in(after, "fingerprint")
    loras = lora_words(after)
    if old != new or was_other:
        yield f"model {new or 'unknown'}"
    if loras != lora_words(before):
        yield f"LoRA {loras}" if loras else "no LoRA"
    vae = text_in(after.get("vae") if isinstance(after, Mapping) else None, "name")
    if vae and vae != text_in(before.get("vae") if isinstance(before, Mapping) else None, "name"):
        yield f"VAE {vae}"


def _lora(entry: Mapping[str, Json]) -> str:
    weight = entry.get("weight")
    number = f" {weight:g}" if is_number(weight) else ""
    return f"{plain(text_in(entry, 'name'), 60) or 'unknown'}{number}"


def _value(value: Json) -> str:
    if value is None:
        return "the usual"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _place(region: str) -> str:
    words = region_words(region)
    return f"in a {words}" if words.startswith("region") else words.removesuffix(" quarter")


def _axis_name(round_: Round) -> str:
    return {Axis.PROMPT: "prompt", Axis.BOTH: "noise and prompt"}.get(axis_of(round_), "")


def _bands_name(round_: Round) -> str:
    bands = bands_of(round_.bands, len(round_.bands))
    return "" if bands is Bands.ALL or axis_of(round_) is Axis.PROMPT else str(bands)
