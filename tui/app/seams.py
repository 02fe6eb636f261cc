"""What the app needs of the private members of Textual.

- `App._handle_exception`: called with the error of a handler; it ends the app.
- `App._exit`: whether the app was asked to end.
- `active_message_pump`: the widget, screen or app whose handler runs.
- `App._message_queue.values`: the messages that wait, the next one first.
- `MessagePump._closing`, `Widget._pruning`: whether it is being removed.

tests/tui/app/test_seams.py has a test for each.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from textual import events
from textual._context import active_message_pump
from textual.app import App
from textual.css.query import NoMatches
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import MountError, Widget


def forgive_what_is_gone(app: App[Any]) -> None:
    """Let handlers miss the widgets of a screen that is closed, and all widgets when the app ends.

    Textual removes the widgets of a screen while the messages to them are still handled, and never mounts those of a
    screen that is opened in the moment in which the app ends.  Who types faster than screens open and close would end
    the app by that.
    """
    handle = app._handle_exception

    def handle_unless_gone(error: Exception) -> None:
        if not (isinstance(error, NoMatches | MountError) and _is_gone(app, active_message_pump.get(None))):
            handle(error)

    setattr(app, "_handle_exception", handle_unless_gone)  # noqa: B010 (mypy rightly minds a method being replaced)


def exit_at_once(app: App[Any], *, return_code: int = 0) -> None:
    """End an app without what was typed ahead, and without new sizes of its window: floods of them take long."""
    waiting: deque[Message | None] = app._message_queue.values
    kept = [message for message in waiting if not isinstance(message, events.InputEvent | events.Paste | events.Resize)]
    waiting.clear()
    waiting.extend(kept)
    app.exit(return_code=return_code)


def _is_gone(app: App[Any], pump: MessagePump | None) -> bool:
    if app._exit:
        return True
    if not isinstance(pump, Widget):
        return False
    if pump._closing or pump._pruning or not pump.is_attached:
        return True
    screen = pump if isinstance(pump, Screen) else pump.screen
    return screen._closing or screen._pruning or screen not in app.screen_stack
