"""A whole app in a terminal: what an action writes."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.tools.fake_terminal import FakeTerminal

PICTURES = {"halfcell": "▀".encode(), "sixel": b"\x1bP0;1;0q", "kitty": b"\x1b_Ga=t,"}


@pytest.fixture(params=["halfcell", "sixel", "kitty"])
def running(request: pytest.FixtureRequest) -> Iterator[tuple[str, FakeTerminal]]:
    """The demo, its four pictures shown."""
    device_attributes = b"\x1b[?62;4;22c" if request.param == "sixel" else b"\x1b[?62;22c"
    command = [sys.executable, "-m", "tests.tools.picture_demo"]
    with FakeTerminal(
        command, rows=43, columns=82, device_attributes=device_attributes, kitty=request.param == "kitty"
    ) as terminal:
        started = terminal.read_until(request.param.encode() + b" 10x20") + terminal.read_until(b"\x1b\\[6n")
        started += terminal.settle()
        assert count(request.param, started) == 4
        yield request.param, terminal


def count(protocol: str, written: bytes) -> int:
    """Pictures in what was written."""
    found = written.count(PICTURES[protocol])
    return (found > 1000) * 4 if protocol == "halfcell" else found


def test_what_actions_write(running: tuple[str, FakeTerminal]) -> None:
    protocol, terminal = running

    def after(key: bytes) -> bytes:
        return terminal.press(key, 0.05) + terminal.settle()

    for _ in range(2):
        selected = after(b"f")
        assert 0 < len(selected) < 2048
        assert count(protocol, selected) == 0
    assert count(protocol, after(b"a")) == 4
    opened = after(b"m")
    assert b"an opaque screen" in opened
    assert count(protocol, opened) == 0
    closed = after(b"\x1b")
    assert b" 10x20" in closed
    assert count(protocol, closed) == (0 if protocol == "kitty" else 4)
    if protocol == "kitty":
        assert after(b"q").count(b"\x1b_Ga=d,d=I,") == 4
