"""A whole app in a terminal: what an action writes."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

import pytest

from tests.support.terminal.fake_terminal import FakeTerminal

PICTURE = {
    "halfcell": "▀".encode() + b"{1,}",
    "sextant": b"\xf0\x9f\xac[\x80-\xbb]",
    "sixel": b"\x1bP0;1;0q",
    "kitty": b"\x1b_Ga=t,",
}
FOUR = {"halfcell": 200, "sextant": 200, "sixel": 4, "kitty": 4}
"""How often PICTURE is written for four pictures, at least."""

CHOICE = {"halfcell": "halfcell", "sextant": "sextant"}


def until_drawn(terminal: FakeTerminal) -> bytes:
    """Everything up to the moment when the demo says that it has drawn all it was asked for."""
    os.write(terminal.fd, b"w")
    return terminal.read_until(rb"\x1b\]2;all drawn \d+\x07")


@pytest.fixture(params=["halfcell", "sextant", "sixel", "kitty"])
def running(request: pytest.FixtureRequest) -> Iterator[tuple[str, FakeTerminal]]:
    """The demo, its four pictures shown."""
    protocol: str = request.param
    with FakeTerminal(
        [sys.executable, "-m", "tests.support.terminal.picture_demo", CHOICE.get(protocol, "auto"), "2", "coarse"],
        rows=43,
        columns=82,
        device_attributes=b"\x1b[?62;4;22c" if protocol == "sixel" else b"\x1b[?62;22c",
        kitty=protocol == "kitty",
        name=b"kitty(0.41.0)" if protocol == "kitty" else b"",
    ) as terminal:
        terminal.read_until(PICTURE[protocol], times=FOUR[protocol])
        until_drawn(terminal)
        yield protocol, terminal


@pytest.mark.slow
def test_what_actions_write(running: tuple[str, FakeTerminal]) -> None:
    protocol, terminal = running

    def after(key: bytes, pattern: bytes, times: int = 1) -> bytes:
        os.write(terminal.fd, key)
        return terminal.read_until(pattern, times=times) + until_drawn(terminal)

    def pictures(written: bytes) -> int:
        return len(re.findall(PICTURE[protocol], written))

    for number in (b"2", b"3"):
        selected = after(b"f", b" " + number)
        assert len(selected) < 2048
        assert pictures(selected) == 0
    fresh = after(b"a", PICTURE[protocol], FOUR[protocol])
    opened = after(b"m", b"an opaque screen")
    assert pictures(opened) == 0
    if protocol == "kitty":
        assert pictures(fresh) == 4
        assert pictures(after(b"\x1b", b" 10x20")) == 0
        os.write(terminal.fd, b"q")
        assert terminal.read_to_end().count(b"\x1b_Ga=d,d=I,") == 4
    else:
        assert pictures(after(b"\x1b", PICTURE[protocol], FOUR[protocol])) <= 2.1 * pictures(fresh)
    if protocol == "sixel":
        assert pictures(fresh) == 4
