"""What a regular expression or a chat template of a tokenizer may be, so that it ends.  No torch, no tokenizers.

The regular expressions of tokenizers backtrack, and chat templates are small programs.  Real models need little of what
both can do; that is allowed, and all that can grow without a limit is refused.
"""

from __future__ import annotations

import re

MAX_TEMPLATE = 1 << 16
_MAX_PATTERN, _MAX_LOOPS = 4000, 3
_UNBOUNDED, _BOUNDED, _OPTIONAL, _MAX_WEIGHT, _MAX_REPEATS = 10, 7, 3, 28, 16
"""What a quantifier weighs, and the most that those of one alternative may weigh together."""
_ATOM = re.compile(
    r"\\[pP]\{\^?\w{1,40}\}|\\x\{[0-9A-Fa-f]{1,8}\}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[^1-9kgKRXO]"
    r"|\[\^?\]?(?:\\[pP]\{\^?\w{1,40}\}|\\.|\[:\^?\w{1,20}:\]|[^\]\[\\])*\]|[^\\()\[|*+?{]",
    re.DOTALL,
)
_OPENING = re.compile(r"\((?:\?(?:[imsx-]{0,6}:|<?[=!]))?")
_QUANTIFIER = re.compile(r"[*+?][?+]?|\{(\d{0,4})(,?)(\d{0,4})\}\??")


def pattern_problem(pattern: str) -> str:
    """Return why a regular expression could take too long, as a clause; "" if it does not.

    In each alternative at most two atoms repeat without a limit, and no group repeats.  So the time grows with a small
    power of the length of a text, as it does for the expressions of real models.

    Args:
        pattern: In the syntax of Oniguruma.
    """
    if len(pattern) > _MAX_PATTERN:
        return f"a regular expression has {len(pattern):,} characters"
    groups, position = [[0, 0]], 0  # the weight of this alternative, and of the heaviest one before it in its group
    while position < len(pattern):
        is_group = pattern[position] == ")" and len(groups) > 1
        if opening := _OPENING.match(pattern, position):
            groups.append([0, 0])
            position = opening.end()
            continue
        if pattern[position] == "|":
            groups[-1] = [0, max(groups[-1])]
            position += 1
            continue
        if is_group:
            groups[-2][0] += max(groups.pop())
            position += 1
        elif atom := _ATOM.match(pattern, position):
            position = atom.end()
        else:
            return "a regular expression has a part that is not allowed"
        if quantifier := _QUANTIFIER.match(pattern, position):
            position = quantifier.end()
            weight = _weight(quantifier)
            if is_group and weight != _OPTIONAL:
                return "a regular expression repeats a group"
            groups[-1][0] += weight
    is_fine = len(groups) == 1 and max(groups[0]) <= _MAX_WEIGHT
    return "" if is_fine else "a regular expression has too many repetitions"


def _weight(quantifier: re.Match[str]) -> int:
    if quantifier[0][0] == "?":
        return _OPTIONAL
    low, comma, high = quantifier.groups()
    most = high or ("" if comma else low)
    return _BOUNDED if most and int(most) <= _MAX_REPEATS else _UNBOUNDED


def template_problem(text: str) -> str:
    """Return why a chat template could take too long or do more than format messages, as a clause; "" if it does not.

    Args:
        text: A template of Jinja.
    """
    if len(text) > MAX_TEMPLATE:
        return f"its chat template has {len(text):,} characters"
    from jinja2 import Environment, TemplateSyntaxError, nodes  # only for the few models that have one

    without = re.sub(r"\{%-?\s*(?:end)?generation\s*-?%\}", "", text)  # a tag of transformers
    try:
        tree = Environment(autoescape=True, extensions=["jinja2.ext.loopcontrols"]).parse(without)
    except (TemplateSyntaxError, RecursionError):
        return "its chat template cannot be read"
    forbidden = (nodes.Mul, nodes.Pow, nodes.Import, nodes.FromImport, nodes.Include, nodes.Extends)
    if next(tree.find_all(forbidden), None) is not None:
        return "its chat template does more than format messages"
    if any(name.name in ("lipsum", "cycler", "joiner") for name in tree.find_all(nodes.Name)):
        return "its chat template does more than format messages"
    nested = (inner for loop in tree.find_all(nodes.For) for inner in loop.find_all(nodes.For))
    is_counting = any(name.name == "range" for inner in nested for name in inner.find_all(nodes.Name))
    return "its chat template repeats too much" if is_counting or _depth(tree, nodes.For) > _MAX_LOOPS else ""


def _depth(node: object, kind: type) -> int:
    below = max((_depth(child, kind) for child in node.iter_child_nodes()), default=0)  # type: ignore[attr-defined]
    return below + isinstance(node, kind)
