"""What nodes do with a text that they pass on: replace parts of it, change its case, trim it, or fill a template.

A regular expression of a stranger is not applied, since it may take for ever; the text stays as it was before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Node
from latentpng.foreign.tools.comfyui.layouts import plain

_PAIRS = (
    *(("find", "replace"), ("find1", "replace1"), ("find2", "replace2"), ("find3", "replace3")),
    *(("search", "replace"), ("old", "new"), ("target", "replace"), ("find", "replace_with"), ("from", "to")),
    *(
        ("text_b", "text_c"),
        ("search_string", "replace_string"),
        ("find_text", "replace_text"),
        ("replace", "with"),
        ("find_str", "replace_str"),
    ),
)
_REPLACES = re.compile(r"replace")
_BY_PATTERN = re.compile(r"regex|pattern")
_CASES: Mapping[str, Callable[[str], str]] = {
    "uppercase": str.upper,
    "lowercase": str.lower,
    "capitalize": str.capitalize,
    "titlecase": str.title,
    "invertcase": str.swapcase,
    "trim": str.strip,
    "both": str.strip,
    "left": str.lstrip,
    "right": str.rstrip,
    "removespaces": lambda text: text.replace(" ", ""),
}
_CHANGES = re.compile(r"caseconvert|stringtrim|texttrim|trimtext|textoperation|changecase")
_FORMATS = re.compile(r"format|template|interpolat")
_TEMPLATES = ("template", "format", "format_string", "fstring", "text", "string", "prompt")
_FIELD = re.compile(r"\{([A-Za-z0-9_]{1,64})\}")


def template_of(node: Node) -> str:
    """Return the name of the input that is a template for the others; "" when the node has none."""
    if not _FORMATS.search(plain(node.kind)):
        return ""
    return next((name for name in _TEMPLATES if "{" in loose.text(node.inputs.get(name))), "")


def filled(template: str, text_at: Callable[[str], str]) -> str:
    """Return a template whose fields in braces are replaced by the texts of the inputs of these names.

    Args:
        template: A text such as `a {colour} boat`.
        text_at: Gives the text of an input; "" leaves its field as it is.
    """
    return _FIELD.sub(lambda field: text_at(field[1]) or field[0], template)


def edited(node: Node, text: str, text_at: Callable[[str], str], limit: int) -> str:
    """Return what a node makes of its text.

    Args:
        node: A node that has one text.
        text: This text.
        text_at: Gives the text of another of its inputs.
        limit: How many characters replacing may add; where it would add more, nothing is replaced.
    """
    kind = plain(node.kind)
    if (line := _line_of(node)) is not None:
        lines = text.splitlines()
        return lines[line % len(lines)] if lines else ""
    if _CHANGES.search(kind):
        chosen = loose.text(node.inputs.get("mode")) or loose.text(node.inputs.get("operation"))
        return _CASES.get(re.sub(r"[^a-z]", "", chosen[:64].lower()), str)(text)
    if kind == "stringsubstring":
        return text[slice(loose.whole(node.inputs.get("start")), loose.whole(node.inputs.get("end")))]
    does_replace = _REPLACES.search(kind) or node.inputs.get("action") == "replace"
    if does_replace and not _BY_PATTERN.search(kind):
        for old, new in _PAIRS:
            if old in node.inputs and new in node.inputs and (found := text_at(old)):
                replacement = text_at(new)
                is_known = bool(replacement) or node.inputs[new] == ""
                if is_known and text.count(found) * len(replacement) <= limit:
                    text = text.replace(found, replacement)
    return _tidied(text) if node.inputs.get("tidy_tags") == "yes" else text


def _line_of(node: Node) -> int | None:
    """Return the index of the one line that a node gives of its text; None when it gives all of it."""
    if "stringselector" in plain(node.kind) and node.inputs.get("multiline") is False:
        return loose.whole(node.inputs.get("select"))
    if "loadline" in plain(node.kind):
        return loose.whole(node.inputs.get("index")) if node.inputs.get("mode") == "index" else None
    return loose.whole(node.inputs.get("start_index")) if node.inputs.get("max_rows") == 1 else None


def _tidied(text: str) -> str:
    """Return a list of tags without doubled spaces and commas."""
    for untidy, tidy in (("  ", " "), (" ,", ","), (",,", ","), (",,", ",")):
        text = text.replace(untidy, tidy)
    return text
