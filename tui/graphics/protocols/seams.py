"""The one private function of textual-image that pictures need; no other file touches it (hence <0.15).

`textual_image._sixel.image_to_sixels` turns an image of few colours into sixels.  The public renderables of
textual-image cannot be used: importing them asks the terminal what it can do, for up to 0.1 s a question, and late
answers arrive as keys (see terminal/probe).  The private module asks nothing.

tests/tui/graphics/protocols/test_seams.py has a test for each assumption.
"""

from __future__ import annotations

import re
from typing import Final

from PIL import Image

_START: Final = re.compile(r"^\x1bP[\d;]*q")
_DEFINITION: Final = re.compile(r"(#(\d+);2;\d+;\d+;\d+)(?!\d)(?!#\2(?!\d))")


def image_to_sixels(image: Image.Image) -> str:
    """Return the whole sequence for an image of mode P.

    Two things are changed in what textual-image writes.  Version 0.12 takes the definition of a colour for its
    selection, which xterm and WezTerm do not: a selection is added to it.  And the sequence says that pixels that are
    not drawn keep their colour, so that no terminal clears the area before it draws.
    """
    from textual_image._sixel import image_to_sixels

    sequence = _DEFINITION.sub(r"\1#\2", image_to_sixels(image))
    return _START.sub("\x1bP0;1;0q", sequence, count=1)
