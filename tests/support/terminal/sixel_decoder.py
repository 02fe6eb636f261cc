"""A plain sixel decoder, one character after the other.  As in xterm, defining a colour does not select it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

Colour = tuple[int, int, int]

_START = re.compile(r'\x1bP[\d;]*q"1;1;(\d+);(\d+)')
_TOKEN = re.compile(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)([?-~])|([?-~])|(\$)|(-)")


def decode(text: str) -> list[list[Colour]]:
    """Return rows of (red, green, blue), each 0 to 255.

    Raises:
        KeyError: A pixel was never drawn.
    """
    start = _START.match(text)
    assert start is not None, text[:40]
    assert text.endswith("\x1b\\")
    pixels = dict(_draw(text[start.end() : -2]))
    width, height = int(start[1]), int(start[2])
    assert all(x < width and y < height for x, y in pixels), "drawn beyond the declared size"
    return [[pixels[x, y] for x in range(width)] for y in range(height)]


def _draw(body: str) -> Iterator[tuple[tuple[int, int], Colour]]:
    colours: dict[int, Colour] = {}
    selected = x = y = position = 0
    while position < len(body):
        token = _TOKEN.match(body, position)
        assert token is not None, body[position : position + 20]
        position = token.end()
        register, red, green, blue, count, repeated, single, back, down = token.groups()
        if red is not None:
            colours[int(register)] = (_channel(red), _channel(green), _channel(blue))
        elif register is not None:
            selected = int(register)
        elif back or down:
            x, y = 0, y + 6 * bool(down)
        else:
            bits, run = ord(repeated or single) - 63, int(count or 1)
            for column, row in product(range(x, x + run), range(6)):
                if bits >> row & 1:
                    yield (column, y + row), colours[selected]
            x += run


def _channel(percent: str) -> int:
    return round(int(percent) * 255 / 100)
