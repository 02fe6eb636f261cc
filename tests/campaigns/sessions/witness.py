"""What was on the screen of a search: a value that the program under attack writes to its terminal behind the frame.

It is an operating system command that no terminal knows (OSC 7717).  It goes through the queue of the frames, after the
frame that shows the grid: who has read it from the terminal has read the frame before.  It says what the widgets were
given for that frame, so it is never ahead of the screen.  Only what a frame shows without a new grid, a picture that
became sharper for example, has none of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from engine.search.state import Place, Session
from latentpng.chunk.metadata import round_to_json

_BEGIN, _END = "\x1b]7717;", "\x07"
_FOUND = re.compile(re.escape(_BEGIN.encode()) + rb"([^\x07]*)\x07")
_MAX_PLACES = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """Where a search stood, as far as undo and redo can tell.

    Attributes:
        folder: The name of the folder of the session.
        picks: The number of picks that led to the parent.
        place: The grid on offer: the key of its parent and a digest of its round.
        past: The grids that undo leads to, the next one last.
        future: Those that redo leads to, the next one last.
        kept: The keys of the pictures with a star.
    """

    folder: str
    picks: int
    place: str
    past: tuple[str, ...]
    future: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def has_answers(self) -> bool:
        """Whether a grid was answered: what was only looked at need not be there again."""
        return bool(self.past or self.future or self.kept)

    @property
    def node(self) -> str:
        """The key of the parent."""
        return self.place.partition("/")[0]


def of_session(session: Session, folder: str) -> Witness:
    """Return what a session says about itself."""
    nodes = session.tree.nodes

    def text(place: Place) -> str:
        found = json.dumps(round_to_json(place.template), sort_keys=True).encode()
        return f"{nodes[place.node].key.hex()[:16]}/{hashlib.sha256(found).hexdigest()[:12]}"

    return Witness(
        folder=folder,
        picks=session.node.picks,
        place=text(session.place),
        past=tuple(map(text, session.past[-_MAX_PLACES:])),
        future=tuple(map(text, session.future[-_MAX_PLACES:])),
        kept=tuple(node.key.hex()[:16] for node in nodes if node.is_starred),
    )


def sequence(witness: Witness) -> str:
    """Return the sequence that a terminal ignores."""
    return f"{_BEGIN}{json.dumps(asdict(witness), separators=(',', ':'))}{_END}"


def found_in(written: bytes) -> list[Witness]:
    """Return the witnesses in what a program wrote, oldest first."""
    return [_from_json(json.loads(text)) for text in _FOUND.findall(written)]


def _from_json(entries: dict[str, Any]) -> Witness:
    values: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in entries.items()}
    return Witness(**values)


def losses(seen: Witness, now: Session, keys: bytes) -> list[str]:
    """Return what was on the screen and is not in a session any more, a sentence for each.

    Args:
        seen: The last that was seen of the session.
        now: The session as it is after a restart.
        keys: What was pressed since the program was last at rest: it may have taken that without having painted it.
    """
    found = []
    after = of_session(now, seen.folder)
    known = {node.key.hex()[:16] for node in now.tree.nodes}
    way = (*after.past, after.place, *reversed(after.future))
    if seen.has_answers and seen.node not in known:
        found.append(f"the picture of pick {seen.picks}, {seen.node}, is lost; pick {after.picks} is there")
    elif seen.has_answers and seen.place not in way and b"u" not in keys:
        found.append(f"the grid {seen.place} after pick {seen.picks} is on no way back or forward; now {after.place}")
    elif seen.has_answers and seen.place in way and not keys and seen.place != after.place:
        found.append(f"it stands at {after.place} instead of {seen.place}, and no key was pressed in between")
    if seen.place == after.place and not set(seen.past) <= {*after.past, *way}:
        found.append("steps of undo are lost")
    if b"*" not in keys:
        found += [f"the star of {key} is lost" for key in seen.kept if key not in after.kept]
    return found
