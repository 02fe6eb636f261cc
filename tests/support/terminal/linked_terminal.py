"""A fake terminal at the other end of a connection: keys and answers come late, and what is written queues up.

Nothing that the program writes is held back, as by the large buffers of an SSH connection: what it writes too much of,
every later byte has to wait for.  A chunk arrives when those before it are through, at the rate of the connection, and
half a round trip later.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.support.terminal.fake_terminal import TIMEOUT_SECONDS, FakeTerminal


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A connection.

    Attributes:
        bytes_per_second: What it carries from the program to the terminal; 0 for no limit.
        round_trip: Seconds there and back.
    """

    bytes_per_second: float = 0.0
    round_trip: float = 0.0


LOCAL = Link()
SSH = Link(bytes_per_second=10_000_000 / 8, round_trip=0.08)
"""10 Mbit/s and 80 ms."""


class LinkedTerminal(FakeTerminal):
    """A terminal behind a link.

    Attributes:
        link: The link.
        arrived: (time of arrival, bytes), in the order of writing.
    """

    def __init__(
        self,
        command: Sequence[str],
        link: Link,
        *,
        device_attributes: bytes,
        kitty: bool,
        environment: Mapping[str, str],
        rows: int = 50,
        columns: int = 120,
    ) -> None:
        """Start the program; see `FakeTerminal`."""
        super().__init__(
            command,
            rows=rows,
            columns=columns,
            device_attributes=device_attributes,
            kitty=kitty,
            name=b"kitty(0.41.0)" if kitty else b"",
            environment=environment,
        )
        self.link = link
        self.arrived: list[tuple[float, bytes]] = []
        self._free = 0.0

    def reaction(self, keys: bytes, *patterns: bytes, seconds: float = TIMEOUT_SECONDS) -> float:
        """Press keys, and return the seconds until everything that they change has arrived, beyond the round trip.

        Args:
            keys: The keys.
            patterns: Regular expressions of what is written; each has to match.
            seconds: How long to wait.

        Raises:
            TimeoutError: It is not written in that time.
        """
        start, first = time.monotonic(), len(self.arrived)
        self._due.append((start + self.link.round_trip / 2, keys))
        self._due.sort()
        while True:
            self.read(0.002)
            seen = self.arrived[first:]
            written = b"".join(data for _, data in seen)
            ends = [match.end() if (match := re.search(pattern, written)) else 0 for pattern in patterns]
            if all(ends):
                return _arrival(seen, max(ends)) - start - self.link.round_trip
            if time.monotonic() - start > seconds:
                raise TimeoutError(f"{patterns} not written within {seconds} s; the last was {written[-300:]!r}")

    def _answer(self, data: bytes) -> None:
        now = time.monotonic()
        rate = self.link.bytes_per_second
        self._free = max(self._free, now) + (len(data) / rate if rate else 0.0)
        arrival = self._free + self.link.round_trip / 2
        self.arrived.append((arrival, data))
        self.delay = arrival + self.link.round_trip / 2 - now
        super()._answer(data)
        self._due.sort()


def _arrival(seen: Sequence[tuple[float, bytes]], end: int) -> float:
    """Return when the first `end` bytes had arrived."""
    total = 0
    for arrival, data in seen:
        total += len(data)
        if total >= end:
            return arrival
    raise ValueError("so much was not written")
