"""`latentpng diff`: show how two pictures differ."""

from __future__ import annotations

import argparse
import math
from contextlib import ExitStack
from typing import TYPE_CHECKING

from latentpng.commands.inputs import visit
from latentpng.commands.output import replay_progress, say, show
from latentpng.errors import ExitCode
from latentpng.png.open import STANDARD_INPUT, unreadable
from latentpng.text import plain

if TYPE_CHECKING:
    from latentpng.record import Json, Round
    from latentpng.reports.diff import Difference, Side

_TEXT_LIMIT = 400
_EPILOG = """\
The exit code is 0 if both files could be read, whether they differ or not; otherwise it is that of the worse file.

--json prints one object:
  files     [A, B]
  ancestor  the nearest common ancestor, as the number of its rounds in each lineage: [in A, in B]; null if none
  rounds    [[...], [...]]: the rounds of each lineage after the ancestor; all of them if there is none
  step_ends [[...], [...]]: for each lineage, the numbers of rounds after which its steps end; a pick by region has
            several rounds, and every other step one
  settings  {name: {"left": .., "right": ..}}: the settings that differ; a side that lacks the setting is left out
  noise     {"cosine": .., "degrees": ..}; null if the shapes differ or one side is all zeros
  pixels    {"largest": .., "mean": ..}: absolute differences, 0 to 255; null if the sizes differ
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("left", metavar="A", help="a PNG with a latent; - is standard input")
    parser.add_argument("right", metavar="B", help="another one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(given: argparse.Namespace) -> ExitCode:
    """Compare two files."""
    from latentpng.reports.diff import difference, read_side

    if given.left == given.right == STANDARD_INPUT:
        say("standard input can hold one picture only; name a file for the other one")
        return ExitCode.USAGE
    sides: list[Side] = []
    with ExitStack() as opened:

        def compare(file: str) -> ExitCode:
            try:
                sides.append(read_side(file, opened, replay_progress(file)))
                found = difference(sides[0], sides[1], replay_progress(file)) if len(sides) == 2 else None
            except OSError as error:
                raise unreadable(plain(file), error) from error
            if found is not None:
                show(_json(sides, found) if given.json else "\n".join(_lines(sides, found)))
            return ExitCode.OK

        return visit([given.left, given.right], compare, folders=False).worst


def _lines(sides: list[Side], found: Difference) -> list[str]:
    """Return one fact per line."""
    left, right = sides
    facts = [("ancestor", _ancestor_text(sides, found))]
    facts += _rounds_facts("first", left, found.left_rounds) + _rounds_facts("second", right, found.right_rounds)
    facts += [(setting.name, f"{_value(setting.left)} -> {_value(setting.right)}") for setting in found.settings]
    if not found.settings:
        facts.append(("settings", "the same"))
    facts += [("noise", _noise_text(sides, found)), ("pixels", _pixels_text(sides, found))]
    return [f"{plain(name, 40):16} {text}" for name, text in facts]


def _ancestor_text(sides: list[Side], found: Difference) -> str:
    if not found.ancestor:
        return "none: the pictures come from different roots"
    if not found.left_rounds and not found.right_rounds:
        return "both: they start from the same noise"
    for side, rounds in zip(sides, (found.left_rounds, found.right_rounds), strict=True):
        if not rounds:
            return f"{plain(side.file)} itself"
    left, right = ("the root" if rounds == 0 else f"round {rounds}" for rounds in found.ancestor)
    return f"{left} of both" if left == right else f"{left} of the first, {right} of the second"


def _rounds_facts(name: str, side: Side, rounds: tuple[Round, ...]) -> list[tuple[str, str]]:
    from latentpng.reports.show import step_facts

    count = f"{len(rounds)} {'round' if len(rounds) == 1 else 'rounds'} of its own"
    lineage = side.record.lineage
    steps = step_facts(lineage, len(lineage.rounds) - len(rounds))
    return [(name, f"{plain(side.file)}, {count}"), *((f"  {step}", plain(text, _TEXT_LIMIT)) for step, text in steps)]


def _noise_text(sides: list[Side], found: Difference) -> str:
    left, right = (" x ".join(map(str, side.record.tensor.shape)) for side in sides)
    if left != right:
        return f"the shapes differ: {left} and {right}"
    if math.isnan(found.cosine):
        return "no angle, because one side is all zeros"
    return f"cosine {found.cosine:.6f}, angle {found.degrees:.3f} degrees"


def _pixels_text(sides: list[Side], found: Difference) -> str:
    if math.isnan(found.mean):
        left, right = (f"{side.width} x {side.height}" for side in sides)
        return f"the sizes differ: {left} and {right}"
    return f"largest difference {found.largest:.0f} of 255, mean {found.mean:.4f}"


def _value(values: tuple[Json, ...]) -> str:
    from latentpng.chunk.strict_json import json_text

    if not values:
        return "(none)"
    return plain(values[0] if isinstance(values[0], str) else json_text(values[0]), _TEXT_LIMIT)


def _json(sides: list[Side], found: Difference) -> str:
    from latentpng.chunk.metadata import round_to_json
    from latentpng.chunk.strict_json import json_text
    from latentpng.steps import step_ends

    settings: dict[str, Json] = {}
    for setting in found.settings:
        both = {"left": setting.left, "right": setting.right}
        settings[setting.name] = {name: values[0] for name, values in both.items() if values}
    entries: dict[str, Json] = {
        "files": [side.file.encode("utf-8", "replace").decode() for side in sides],
        "ancestor": list(found.ancestor) or None,
        "rounds": [[round_to_json(round_) for round_ in rounds] for rounds in (found.left_rounds, found.right_rounds)],
        "step_ends": [step_ends(side.record.lineage) for side in sides],
        "settings": settings,
        "noise": None if math.isnan(found.cosine) else {"cosine": found.cosine, "degrees": found.degrees},
        "pixels": None if math.isnan(found.mean) else {"largest": int(found.largest), "mean": found.mean},
    }
    return json_text(entries).replace("\x7f", "\\u007f")
