"""Varying a part of the picture: the keys that choose it, and the frame around it on every picture of the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from engine.rendering.events import Event, Picture
from engine.search.answers import Confined
from engine.search.axis import Axis
from engine.search.regions import NO_SIDES, WHOLE
from engine.search.running import PARENT, Beginning
from tui.app.derived import Derived
from tui.app.phrases import ONLY_PROMPT
from tui.app.region_drawing import marked
from tui.app.screens.search_others import NOT_BEGUN, STILL_RENDERING, SearchOthers
from tui.app.widgets.picture import HasGraphics

if TYPE_CHECKING:
    from tui.app.screens.region import RegionScreen

WHOLE_ALREADY = "the whole picture varies already; m chooses a part of it"
WHOLE_AGAIN = "the whole picture varies again"
_MARKED = 64


class SearchConfined(SearchOthers):
    """A search in which a part of the picture varies alone.

    Attributes:
        region_screen: The screen on which the part is chosen, if it is open.
    """

    region_screen: RegionScreen | None = None

    def __init__(self, beginning: Beginning, *, side: int = 0) -> None:
        super().__init__(beginning, side=side)
        self._marked: Derived[Picture] = Derived(_MARKED)

    @property
    def moving_region(self) -> str:
        """The mask of the part that varies; "" for the whole picture, or while only the prompt varies."""
        session = self.search.session if self.search is not None else None
        return WHOLE if session is None or session.axis is Axis.PROMPT else session.region

    def action_region(self) -> None:
        found = self.own_picture(PARENT)
        if self.search is None:
            self.notice = NOT_BEGUN
        elif self.search.session.axis is Axis.PROMPT:
            self.notice = ONLY_PROMPT
        elif not all(self.search.session.sides):
            self.notice = NO_SIDES
        elif found is None:
            self.notice = STILL_RENDERING.format(then="choose a part of it")
        else:
            from tui.app.region_box import region_box
            from tui.app.screens.region import RegionScreen

            session = self.search.session
            self.region_screen = RegionScreen(found[0], region_box(session.region, session.sides))
            self.app.push_screen(self.region_screen, self._confine)

    async def action_everywhere(self) -> None:
        if self.search is None:
            self.notice = NOT_BEGUN
        elif self.search.session.region:
            await self.tell(Confined(region=WHOLE), WHOLE_AGAIN)
        else:
            self.notice = WHOLE_ALREADY

    def take(self, event: Event) -> None:
        super().take(event)
        finished = self.finished(PARENT)
        if self.region_screen is not None and finished is not None:
            self.region_screen.picture = finished.picture

    def drawn(self, index: int, picture: Picture) -> Picture:
        picture = super().drawn(index, picture)
        region, graphics = self.moving_region, cast(HasGraphics, self.app).graphics
        if not region:
            return picture
        box, has_pixels = self.box_of(index), graphics.terminal.protocol in ("sixel", "kitty")
        return self._marked.of((region, box), (picture,), lambda: marked(picture, region, box, has_pixels=has_pixels))

    async def _confine(self, region: str | None) -> None:
        self.region_screen = None
        if region is None or self.search is None or region == self.search.session.region:
            return
        await self.tell(Confined(region=region), "" if region else WHOLE_AGAIN)
