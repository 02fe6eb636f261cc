"""The large view beside a list takes a picture that arrives at any moment of its life."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.rendering.events import Picture
from tests.support.tui.driving import make_app, running
from tui.app.gallery.preview import Preview


@pytest.mark.parametrize("picture", [Picture(width=1, height=1, rgb=bytes(3)), None])
async def test_a_picture_may_arrive_while_the_view_is_removed(tmp_path: Path, picture: Picture | None) -> None:
    async with running(make_app(tmp_path)) as driver:
        preview = Preview()
        await driver.app.screen.mount(preview)
        preview.show("a.png", "a lake")
        await preview.remove_children()
        preview._loaded("a.png", picture)
        preview.show("", "nothing")
        await preview.remove()
