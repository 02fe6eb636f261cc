"""Finished runs on disk, so that an interrupted benchmark continues where it stopped."""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.search import answers, axis, bands, first_grid, history, regions, seeds, session, state, steps
from latentpng.noise import gauss1, haar, perturbation, replay
from tests.benchmarks.search import cases, game, oracles, playing, worlds
from tests.benchmarks.search.cases import CaseSet
from tests.benchmarks.search.oracles import Oracle
from tests.benchmarks.search.playing import Trace
from tests.benchmarks.search.strategies import Strategy

_DECISIVE: tuple[ModuleType, ...] = (
    *(answers, axis, bands, first_grid, history, regions, seeds, session, state, steps),
    *(gauss1, haar, perturbation, replay),
    *(cases, game, oracles, playing, worlds),
)
"""What decides a result, beside the run itself and the model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One strategy and one person in one world.

    Attributes:
        world: The name of the world on the command line.
        kind: The set of the cases.
        cosine: The correlation between start and target.
        strategy: What the person does.
        oracle: The person.
        grids: How many grids.
        steps: Denoising steps; 0 in an analytic world.
    """

    world: str
    kind: CaseSet
    cosine: float
    strategy: Strategy
    oracle: Oracle
    grids: int
    steps: int

    @property
    def key(self) -> str:
        """What the searches of the run are found by; the start of a longer one serves a shorter one.

        That does not hold where the person changes their mind in the middle.
        """
        alike = self if self.oracle.changes_mind else replace(self, grids=0)
        return hashlib.sha256(repr(alike).encode()).hexdigest()[:16]


class Results:
    """The searches that were finished with this version of the code, in a file with a line for each."""

    def __init__(self, folder: Path) -> None:
        """Find the file, which need not exist.

        Args:
            folder: The folder that holds it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{version()}.jsonl"
        self._known: dict[tuple[str, int], Trace] = {}

    def get(self, run: Run, numbers: Sequence[int], play: Callable[[Sequence[int]], list[Trace]]) -> list[Trace]:
        """Return the searches of a run.

        Args:
            run: The run.
            numbers: The numbers of the cases.
            play: Plays those that are not known.
        """
        wanted = [(run.key, number) for number in numbers]
        if self._missing(wanted, run.grids):
            self._read()  # another process may have played some
        missing = self._missing(wanted, run.grids)
        if missing:
            found = play([number for _, number in missing])
            self._known |= dict(zip(missing, found, strict=True))
            self._append([{"key": run.key, "run": repr(run), **asdict(trace)} for trace in found])
        return [_cut(self._known[key], run.grids) for key in wanted]

    def _missing(self, wanted: Sequence[tuple[str, int]], grids: int) -> list[tuple[str, int]]:
        return [key for key in wanted if key not in self._known or len(self._known[key].keys) <= grids]

    def _append(self, lines: Sequence[Mapping[str, object]]) -> None:
        # one call, so that the lines of two processes do not mix
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        os.write(file, "".join(f"{json.dumps(line)}\n" for line in lines).encode())
        os.close(file)

    def _read(self) -> None:
        for line in self._path.read_text("utf-8").splitlines() if self._path.exists() else ():
            try:
                found = json.loads(line)
                key, trace = (found["key"], found["case"]), _trace(found)
                if key not in self._known or len(trace.keys) > len(self._known[key].keys):
                    self._known[key] = trace
            except (ValueError, KeyError, TypeError):
                continue  # a line that was cut off when the benchmark was interrupted


def version() -> str:
    """Return what identifies the code that decides results; comments and docstrings do not count."""
    digest = hashlib.sha256()
    paths = [Path(str(module.__file__)) for module in _DECISIVE]
    for path in (*paths, Path(__file__).parent / "embedded_world.py"):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [part for part in body if not _is_text(part)]  # type: ignore[attr-defined]  # of a kind with a body
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()[:12]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _cut(trace: Trace, grids: int) -> Trace:
    """Return the beginning of a search."""
    end = grids + 1
    return replace(trace, distances=trace.distances[:end], others=trace.others[:end], keys=trace.keys[:end])


def _trace(fields: dict[str, Any]) -> Trace:
    return Trace(
        case=fields["case"],
        distances=tuple(fields["distances"]),
        others=tuple(fields["others"]),
        keys=tuple(fields["keys"]),
    )
