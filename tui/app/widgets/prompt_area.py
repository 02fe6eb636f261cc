"""A text of several lines whose Up and Down, beyond its first and last line, walk through earlier texts."""

from __future__ import annotations

from textual.strip import Strip
from textual.widgets import TextArea

from tui.app.widgets.safe_lines import safe_strip


class PromptArea(TextArea):
    """A prompt, wrapped; Enter belongs to the screen, and a line break is typed with Ctrl+J.

    The text that was there first is the newest one of the walk: Down at the end of the history brings it back.
    """

    def __init__(self, text: str, history: tuple[str, ...] = (), *, area_id: str) -> None:
        """Prepare the area.

        Args:
            text: What it holds at first.
            history: Earlier texts, newest first.
            area_id: Its id in the style sheet.
        """
        super().__init__(text, id=area_id, compact=True, highlight_cursor_line=False)
        self._history, self._draft, self._walked = history, text, 0
        self.cursor_blink = False

    def render_line(self, y: int) -> Strip:
        return safe_strip(super().render_line(y))

    def on_mount(self) -> None:
        self.move_cursor(self.document.end)

    def action_cursor_up(self, select: bool = False) -> None:
        at_edge = not select and self.navigator.is_first_wrapped_line(self.cursor_location)
        if not (at_edge and self._walk(1)):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        at_edge = not select and self.navigator.is_last_wrapped_line(self.cursor_location)
        if not (at_edge and self._walk(-1)):
            super().action_cursor_down(select)

    def _walk(self, by: int) -> bool:
        """Show an earlier or a later text; return False at the end of the history."""
        if not self._walked:
            self._draft = self.text
        earlier = [text for text in self._history if text.strip() != self._draft.strip()]
        to = self._walked + by
        if not 0 <= to <= len(earlier):
            return False
        self._walked = to
        self.text = earlier[to - 1] if to else self._draft
        is_one_line = self.wrapped_document.height == 1
        self.move_cursor(self.document.start if by > 0 and not is_one_line else self.document.end)
        return True
