"""The attack on everything that opens a model: every target in turn, each input made by its number."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.campaigns.attack.part import Attack, Outcome, Part, Room
from tests.campaigns.models.cases import Server, Shown, all_targets

_MAX_KEPT = 2**26
"""The largest file that is kept, in bytes: hostile ones may be sparse."""


@contextmanager
def _begun(room: Room) -> Iterator[Attack]:
    turn = [target.name for target in all_targets() for _ in range(target.share)]
    (room.scratch / "prepared").mkdir()
    server = Server(room.scratch / "prepared")

    def attack(number: int) -> Outcome:
        name = turn[number % len(turn)]
        folder = room.scratch / "input"
        folder.mkdir()
        try:
            shown = server.try_case(name, f"{name} {number}", folder)
            if shown.faults:
                _keep(folder, room.kept / f"{number}")
        finally:
            shutil.rmtree(folder)
        return _outcome(name, number, shown)

    try:
        yield attack
    finally:
        server.close()


def _outcome(name: str, number: int, shown: Shown) -> Outcome:
    return Outcome(
        kind=name,
        faults=tuple(f"case {number} ({shown.made}): {fault}" for fault in shown.faults),
        maxima={"s": shown.seconds, "MiB": shown.mebibytes},
    )


def _keep(folder: Path, kept: Path) -> None:
    """Keep an input that shows a fault; links stay what they are, pipes and large files are left out."""
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept, symlinks=True, ignore=_left_out)


def _left_out(folder: str, names: list[str]) -> list[str]:
    paths = [Path(folder, name) for name in names]
    plain = (
        path.is_symlink() or path.is_dir() or (path.is_file() and path.stat().st_size < _MAX_KEPT) for path in paths
    )
    return [path.name for path, is_kept in zip(paths, plain, strict=True) if not is_kept]


PART = Part(begin=_begun, cases=200_000, quick_cases=50)
