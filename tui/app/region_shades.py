"""Pictures with a region lit, and patchworks, at the size at which they are shown; what was computed is kept.

A key has to be answered at once: pictures are reduced to about the pixels of their cell first, and a picture that did
not change is neither computed nor sent again.
"""

from __future__ import annotations

from typing import Final

from engine.rendering.events import Picture
from tui.app.derived import Derived
from tui.app.region_drawing import lit, patchwork
from tui.graphics.geometry import Box, fit
from tui.graphics.images import to_image, to_picture

_KEPT: Final = 160
"""Pictures: sixteen candidates, small, and with each of up to four regions lit; the rest are previews."""


class Shades:
    """What was computed for the pictures of one grid."""

    def __init__(self) -> None:
        self._derived: Derived[Picture] = Derived(_KEPT)

    def clear(self) -> None:
        """Forget everything: there is a new grid."""
        self._derived.clear()

    def lit(self, picture: Picture, region: str, width: int, height: int) -> Picture:
        """Return a picture with a region lit; the picture itself where nothing is dimmed.

        Args:
            picture: The picture.
            region: The mask of what stays bright.
            width: Of the box that shows it, in pixels.
            height: Likewise.
        """
        if not region:
            return picture
        small = self._reduced(picture, width, height)
        return self._derived.of(("lit", region), (small,), lambda: lit(small, region))

    def patchwork(
        self, parent: Picture, parts: tuple[tuple[str, tuple[Picture, ...]], ...], width: int, height: int
    ) -> Picture:
        """Return a parent with parts of other pictures in it.

        Args:
            parent: What is seen elsewhere.
            parts: The mask of each region, and the pictures seen there.
            width: Of the box that shows it, in pixels.
            height: Likewise.
        """
        small = self._reduced(parent, width, height)
        few = [(region, tuple(self._reduced(each, width, height) for each in several)) for region, several in parts]
        sources = (small, *(each for _, several in few for each in several))
        what = tuple((region, len(several)) for region, several in few)
        return self._derived.of(what, sources, lambda: patchwork(small, few))

    def _reduced(self, picture: Picture, width: int, height: int) -> Picture:
        box = Box(columns=width, rows=height, cell_width=1, cell_height=1)
        factor = max(picture.width, picture.height) // max(1, *fit(picture.width, picture.height, box))
        if factor < 2:
            return picture
        return self._derived.of(("reduced", factor), (picture,), lambda: to_picture(to_image(picture).reduce(factor)))
