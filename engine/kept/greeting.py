"""What a program says first, and what the worker that stays answers."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from enum import StrEnum

from engine.errors import KeptWorkerError
from engine.kept.hello import Hello
from latentpng.record import Json, JsonObject

FOREVER = math.inf


class Wants(StrEnum):
    """What a program connects for."""

    RENDER = "render"
    STATUS = "status"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True, slots=True)
class Greeting:
    """The first message of a program.

    Attributes:
        wants: What it connects for.
        hello: What it needs of a worker that renders.
        keep_alive: The seconds for which it asks the worker to stay after it has left.
    """

    wants: Wants
    hello: Hello
    keep_alive: float = 0.0

    def to_json(self) -> dict[str, Json]:
        """Return the form in which it is sent."""
        seconds = None if self.keep_alive == FOREVER else self.keep_alive
        return {"wants": str(self.wants), "hello": self.hello.to_json(), "keep_alive": seconds}

    @staticmethod
    def from_json(values: JsonObject) -> Greeting:
        """Return the greeting of a program.

        Raises:
            KeptWorkerError: It is none.
        """
        wants, hello, seconds = values.get("wants"), values.get("hello"), values.get("keep_alive")
        if wants not in tuple(Wants) or not isinstance(hello, dict):
            raise KeptWorkerError("the first message is no greeting of warmer")
        return Greeting(wants=Wants(str(wants)), hello=Hello.from_json(hello), keep_alive=_seconds(seconds))


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the worker answers to a program that wants to render.

    Attributes:
        reason: Why it does not serve this program, as the end of a sentence; "" when it does.
        pid: Its process ID.
    """

    reason: str
    pid: int

    def to_json(self) -> dict[str, Json]:
        """Return the form in which it is sent."""
        return {"reason": self.reason, "pid": self.pid}

    @staticmethod
    def from_json(values: JsonObject) -> Answer:
        """Return the answer of a worker.

        Raises:
            KeptWorkerError: It is none.
        """
        reason, pid = values.get("reason"), values.get("pid")
        if not isinstance(reason, str) or not isinstance(pid, int):
            raise KeptWorkerError("the worker that stays gives an answer that this version does not know")
        return Answer(reason=reason, pid=pid)


def _seconds(value: Json) -> float:
    """Return the time that a greeting names.

    Raises:
        KeptWorkerError: It is none.
    """
    if value is None:
        return FOREVER
    with contextlib.suppress(OverflowError):
        if isinstance(value, int | float) and 0 <= float(value) < FOREVER:
            return float(value)
    raise KeptWorkerError("the first message names no time for which the worker is to stay")
