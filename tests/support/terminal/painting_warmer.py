"""The app on a real terminal, painting without a pause, and slow to close: its terminal goes away in the middle of it.

python -m tests.support.terminal.painting_warmer FOLDER
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from engine.fake import FakeRenderer
from tests.support.tui.driving import PROMPT, make_app
from tui.app.app import WarmerApp

PAINTS_WHILE_CLOSING = 200
"""More than the queue of Textual's writing thread holds."""


class PaintingApp(WarmerApp):
    """Changes its status line while it closes."""

    async def close_all(self) -> None:
        """Close slowly."""
        for number in range(PAINTS_WHILE_CLOSING):
            self.stage.say(f"closing {number}")
            await asyncio.sleep(0.01)
        await super().close_all()


def main() -> None:
    """Run the app with its files under FOLDER."""
    app = make_app(Path(sys.argv[1]), *PROMPT, renderer=FakeRenderer())
    app.__class__ = PaintingApp
    app.run()


if __name__ == "__main__":
    main()
