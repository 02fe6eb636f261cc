"""What nodes of text do with their inputs: which inputs hold text, on which side of a prompt, and how they are joined.

Only what can be told from the graph counts.  A text that a language model, an image or a file gave is not in the graph.
"""

from __future__ import annotations

import re

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.layouts import SIDES, outputs_of, plain
from latentpng.record import Json

_MAX_NAME = 64
_SINGLE = (
    *("populated_text", "text", "string", "str", "prompt", "value", "multiline_text", "text_multiline", "content"),
    *("positive", "negative", "wildcard_text", "wildcard_prompt", "wildcard", "source", "anything", "input", "any"),
    *("input_text", "text_input", "user_prompt", "prompts", "strings", "caption", "tags", "data", "output", "text_a"),
)
"""The names of the one text of a node in any casing, the likeliest first."""
_SHOWN = ("text_0", "text2", "shown", "preview", "displayed_text", "result", "output", "value", "text_1")
_SHOWS = re.compile(r"show|display|preview")
_ANY_TEXT = re.compile(
    r"(?!.*(mode|file|path|color|font|log|save|prefix|suffix|count|seed|num)).*(text|prompt|string).*"
)
_NUMBERED = re.compile(r"(string|text|prompt|part|str|input|line|value|item)_?([a-z]|[0-9]{1,2})(_opt)?")
_JOINS = re.compile(r"concat|join|combin|append|merg|addtext|textadd|stringadd|7box|3box")
_BOXES = {
    "textstring": ("text", "text_b", "text_c", "text_d"),
    "textcompare": ("text_a", "text_b"),
    "ttntext3box3wayconcat": ("text1", "text2", "text3"),
    "ttntext7boxconcat": ("text1", "text2", "text3", "text4", "text5", "text6", "text7"),
}
_DELIMITERS = ("delimiter", "separator", "sep", "joiner", "join_with", "delim")
_BEFORE = ("prefix", "prepend", "prepend_text", "text_before", "before")
_AFTER = ("suffix", "append", "append_text", "text_after", "after")
_COMPUTES = re.compile(
    r"textgenerat|generatetext|llm|ollama|florence|caption|interrogat|tagger|gpt|gemini|claude|vqa|qwen[0-9]*vl|llava|"
    r"moondream|blip|groq|promptgen|promptenhanc|enhanceprompt|magicprompt|superprompt|chat|deepseek|openai|anthropic|"
    r"img2txt|image2text|imagetotext|imagetoprompt|ocr|minicpm|paligemma|promptreader|loadtext|textfile|(?<!dp)random|length|shuffle"
)
_ASKS_A_MODEL = frozenset(
    {
        *("max_tokens", "max_new_tokens", "max_length", "temperature", "top_p", "top_k", "do_sample", "num_beams"),
        *("llm_model", "llm_name"),
    }
)
_PICTURES = frozenset({"image", "images", "pixels", "clip_vision_output", "video", "audio"})
_MAIN = ("prompt", "text", "main_prompt", "string")
_POSITIVE = re.compile(r"(.*_)?(positive|pos)(_.*)?")
_NEGATIVE = re.compile(r"(.*_)?(negative|neg)(_.*)?")
_NOT_A_TEXT = re.compile(r"weight|normali[sz]|interpretation|ascore|strength|width|height|seed|mode|_to$|_only")


def is_computed(graph: Graph, node: Node) -> bool:
    """Return whether a text is the result of something that the graph does not contain, such as a language model."""
    if "populated_text" in node.inputs:
        return False
    names = node.inputs.keys()
    has_picture = any(name in _PICTURES for name, _ in graph.links(node))
    kind = plain(node.kind)
    return has_picture or bool(names & _ASKS_A_MODEL) or ("encode" not in kind and _COMPUTES.search(kind) is not None)


def side_names(node: Node, side: str) -> list[str]:
    """Return the names of the inputs that hold the texts of one side; none when the side is empty.

    A `prompt` beside a `negative_prompt` is positive.
    """
    named = {name.lower(): name for name, value in node.inputs.items() if len(name) <= _MAX_NAME and _may_hold(value)}
    texts = [low for low in named if not _NOT_A_TEXT.search(low)]
    negative = [named[low] for low in texts if _NEGATIVE.fullmatch(low)]
    if side != "positive":
        return negative if side == "negative" else []
    positive = [named[low] for low in texts if _POSITIVE.fullmatch(low)]
    return positive or ([named[low] for low in _MAIN if low in named] if negative else [])


def has_sides(node: Node) -> bool:
    """Return whether a node holds texts of both sides."""
    return all(side_names(node, side) for side in SIDES)


def side_at(node: Node, output: int, side: str) -> str:
    """Return which side an output of a node with texts of both sides gives.

    Args:
        node: The node.
        output: The index of the output.
        side: The side that the text is needed for; it counts where the order of the outputs is not known.

    Returns:
        A side; "" when it cannot be told, so that a positive prompt is never taken for a negative one.
    """
    outputs = outputs_of(node)
    told = outputs[output].removesuffix("_text") if 0 <= output < len(outputs) else ""
    if outputs:
        return told if told in SIDES else side
    if output == 0:
        return "positive" if side == "positive" else ""
    return "negative" if output == 1 and not {"model", "clip"} & node.inputs.keys() else side


def single_names(node: Node) -> list[str]:
    """Return the names of the inputs that may hold the one text of a node, the likeliest first."""
    named = {name.lower(): name for name in reversed(list(node.inputs)) if len(name) <= _MAX_NAME}
    found = [named[name] for name in _SINGLE if name in named]
    if not found:
        others = [name for low, name in named.items() if _ANY_TEXT.fullmatch(low) and _may_hold(node.inputs[name])]
        found = others if len(others) == 1 else []
    return found


def stored_names(node: Node) -> list[str]:
    """Return the names under which a node that shows a text stores it; [] for all other nodes."""
    return [name for name in _SHOWN if name in node.inputs] if _SHOWS.search(plain(node.kind)) else []


def output_name(node: Node, output: int) -> str:
    """Return the name of the input that a node of several boxes gives unchanged at an output; "" for other nodes."""
    names = _BOXES.get(plain(node.kind), ())
    return names[output] if 0 <= output < len(names) else ""


def joined_names(node: Node) -> list[str]:
    """Return the names of the inputs that a node joins, in their order; [] when it holds a single text."""
    kind = plain(node.kind)
    if _SHOWS.search(kind) or node.inputs.get("action") == "replace":
        return []
    named = {name.lower(): name for name in node.inputs if len(name) <= _MAX_NAME}
    middle = _numbered(list(named))
    if len(middle) < 2 and _JOINS.search(kind):
        middle = middle or [name for name in "abcdef" if name in named]
    before, after = ([name for name in names if name in named] for names in (_BEFORE, _AFTER))
    if before or after:
        middle = middle or [name.lower() for name in single_names(node)[:1]]
    elif len(middle) < 2 and not _JOINS.search(kind):
        return []
    return [named[name] for name in (*before, *middle, *after)]


def _numbered(names: list[str]) -> list[str]:
    """Return the names that begin alike and end with a number or a letter, in the order of these."""
    found = {name: match for name in names if (match := _NUMBERED.fullmatch(name))}
    stem = next((match[1] for match in found.values()), "")
    ends = {name: match[2].lstrip("0") for name, match in found.items() if match[1] == stem}
    return sorted(ends, key=lambda name: (len(ends[name]), ends[name]))


def is_list(node: Node) -> bool:
    """Return whether a node gives its texts one after the other, for a picture each."""
    kind = plain(node.kind)
    return "list" in kind and "listto" not in kind


def joins_list(node: Node) -> bool:
    """Return whether a node joins the texts of a list."""
    return "listto" in plain(node.kind)


def delimiter_of(node: Node) -> str:
    """Return what a node joins its texts with."""
    lowered = {name.lower(): value for name, value in node.inputs.items()}
    found = next((loose.text(lowered[name]) for name in _DELIMITERS if name in lowered), "")
    if not found and loose.text(lowered.get("linebreak_addition")).lower() == "true":
        return "\n"
    if lowered.get("tidy_tags") == "yes":
        return ", "
    return found.replace("\\n", "\n").replace("\\t", "\t")


def _may_hold(value: Json) -> bool:
    """Return whether a value is a text or a link."""
    return isinstance(value, str | list | tuple)
