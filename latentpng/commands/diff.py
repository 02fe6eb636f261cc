"""`latentpng diff`: how two pictures differ."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

from latentpng.commands.inputs import visit
from latentpng.commands.output import replay_progress, say, show
from latentpng.errors import ExitCode
from latentpng.png.open import STANDARD_INPUT
from latentpng.text import plain

if TYPE_CHECKING:
    from latentpng.record import Json, Round
    from latentpng.reports.diff import Difference, Side

_TEXT_LIMIT = 400
_ROUNDS_SHOWN = 12
_EPILOG = """\
The exit code is 0 when both files could be read, whether they differ or not; else that of the worse one.

--json prints one object:
  files     [A, B]
  ancestor  [rounds of A, rounds of B] that lead to the nearest common ancestor, or null
  rounds    [[...], [...]]: what each did after it, or all that it did
  settings  {name: {"left": .., "right": ..}}: only what differs; a side that has none is left out
  noise     {"cosine": .., "degrees": ..}, or null when the shapes differ
  pixels    {"largest": .., "mean": ..} of 255, or null when the sizes differ
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("left", metavar="A")
    parser.add_argument("right", metavar="B")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(given: argparse.Namespace) -> ExitCode:
    """Compare two files."""
    from latentpng.reports.diff import difference, read_side

    if given.left == given.right == STANDARD_INPUT:
        say("standard input holds one picture: two needed")
        return ExitCode.USAGE
    sides: list[Side] = []

    def collect(file: str) -> ExitCode:
        sides.append(read_side(file, replay_progress(file)))
        return ExitCode.OK

    tally = visit([given.left, given.right], collect, folders=False)
    if len(sides) == 2:
        found = difference(sides[0], sides[1], replay_progress(given.left))
        show(_json(sides, found) if given.json else "\n".join(_lines(sides, found)))
    return tally.worst


def _lines(sides: list[Side], found: Difference) -> list[str]:
    """One fact a line."""
    left, right = sides
    facts = [("ancestor", _ancestor_text(sides, found))]
    facts += _rounds_facts("first", left, found.left_rounds) + _rounds_facts("second", right, found.right_rounds)
    facts += [(setting.name, f"{_value(setting.left)} -> {_value(setting.right)}") for setting in found.settings]
    if not found.settings:
        facts.append(("settings", "the same"))
    shapes = [" x ".join(map(str, side.record.tensor.shape)) for side in sides]
    if shapes[0] != shapes[1]:
        facts.append(("noise", f"of another shape: {shapes[0]}, {shapes[1]}"))
    elif math.isnan(found.cosine):
        facts.append(("noise", "all zeros on one side"))
    else:
        facts.append(("noise", f"cosine {found.cosine:.6f}, angle {found.degrees:.3f} degrees"))
    if math.isnan(found.mean):
        facts.append(("pixels", f"of another size: {left.width} x {left.height}, {right.width} x {right.height}"))
    else:
        facts.append(("pixels", f"largest difference {found.largest:.0f} of 255, mean {found.mean:.4f}"))
    return [f"{plain(name, 40):16} {text}" for name, text in facts]


def _ancestor_text(sides: list[Side], found: Difference) -> str:
    if not found.ancestor:
        return "none: they come from different roots"
    if not found.left_rounds and not found.right_rounds:
        return "both: they start from the same noise"
    for side, rounds in zip(sides, (found.left_rounds, found.right_rounds), strict=True):
        if not rounds:
            return f"{plain(side.file)} itself"
    left, right = ("the root" if rounds == 0 else f"round {rounds}" for rounds in found.ancestor)
    return f"{left} of both" if left == right else f"{left} of the first, {right} of the second"


def _rounds_facts(name: str, side: Side, rounds: tuple[Round, ...]) -> list[tuple[str, str]]:
    from latentpng.reports.show import round_text

    count = f"{len(rounds)} {'round' if len(rounds) == 1 else 'rounds'} of its own"
    facts = [(name, f"{plain(side.file)}, {count}")]
    hidden = max(0, len(rounds) - _ROUNDS_SHOWN)
    if hidden:
        facts.append(("  round ...", f"{hidden} earlier rounds"))
    first = len(side.record.lineage.rounds) - len(rounds) + hidden + 1
    shown = enumerate(rounds[hidden:], first)
    return facts + [(f"  round {number}", plain(round_text(round_), _TEXT_LIMIT)) for number, round_ in shown]


def _value(values: tuple[Json, ...]) -> str:
    from latentpng.chunk.strict_json import json_text

    if not values:
        return "(none)"
    return plain(values[0] if isinstance(values[0], str) else json_text(values[0]), _TEXT_LIMIT)


def _json(sides: list[Side], found: Difference) -> str:
    from latentpng.chunk.metadata import round_to_json
    from latentpng.chunk.strict_json import json_text

    settings: dict[str, Json] = {}
    for setting in found.settings:
        both = {"left": setting.left, "right": setting.right}
        settings[setting.name] = {name: values[0] for name, values in both.items() if values}
    entries: dict[str, Json] = {
        "files": [side.file.encode("utf-8", "replace").decode() for side in sides],
        "ancestor": list(found.ancestor) or None,
        "rounds": [[round_to_json(round_) for round_ in rounds] for rounds in (found.left_rounds, found.right_rounds)],
        "settings": settings,
        "noise": None if math.isnan(found.cosine) else {"cosine": found.cosine, "degrees": found.degrees},
        "pixels": None if math.isnan(found.mean) else {"largest": int(found.largest), "mean": found.mean},
    }
    return json_text(entries).replace("\x7f", "\\u007f")
