"""When the next frame may be sent."""

from __future__ import annotations

import pytest

from tui.graphics.pacing import BYTES_PER_SECOND, FIRST_TIMEOUT_SECONDS, MEASURED_BYTES, TIMEOUT_SECONDS, Pace

NOW = 1000.0
ANSWERING = Pace().sent(0, NOW - 1, asked=True).answered(NOW - 1)


def test_nothing_sent_nothing_to_wait_for() -> None:
    assert Pace().wait(NOW, preview=True) == Pace().wait(NOW, preview=False) == 0


def test_one_batch_at_a_time_to_a_terminal_that_answers() -> None:
    waiting = ANSWERING.sent(1000, NOW, asked=True)
    assert waiting.wait(NOW, preview=True) == waiting.wait(NOW, preview=False) == TIMEOUT_SECONDS
    assert waiting.answered(NOW).wait(NOW + 0.1, preview=True) == 0


def test_a_terminal_that_never_answers_slows_previews_only() -> None:
    waiting = Pace().sent(1000, NOW, asked=True)
    assert waiting.wait(NOW, preview=True) == FIRST_TIMEOUT_SECONDS
    assert waiting.wait(NOW, preview=False) == 0
    assert waiting.wait(NOW + FIRST_TIMEOUT_SECONDS, preview=True) == 0


def test_an_answer_that_was_lost() -> None:
    assert ANSWERING.sent(1, NOW, asked=True).wait(NOW + TIMEOUT_SECONDS, preview=False) == 0


def test_previews_keep_to_their_bytes_a_second() -> None:
    paid = Pace().sent(BYTES_PER_SECOND // 2, NOW, asked=False).sent(BYTES_PER_SECOND // 2, NOW, asked=False)
    assert paid.wait(NOW, preview=True) == pytest.approx(1.0)
    assert paid.wait(NOW + 0.75, preview=True) == pytest.approx(0.25)
    assert paid.wait(NOW + 1.0, preview=True) == 0
    assert paid.wait(NOW, preview=False) == 0


def test_bytes_not_used_are_not_saved_up() -> None:
    later = Pace().sent(1, NOW, asked=False).sent(BYTES_PER_SECOND, NOW + 60, asked=False)
    assert later.wait(NOW + 60, preview=True) == pytest.approx(1.0)


def test_the_speed_is_that_of_the_last_frames_long_enough_to_tell() -> None:
    sent = Pace().sent(100_000, NOW, asked=True).answered(NOW + 0.5)
    assert sent.speed == pytest.approx(200_000)
    assert sent.sent(MEASURED_BYTES - 1, NOW + 1, asked=True).answered(NOW + 3).speed == sent.speed
    assert sent.answered(NOW + 9).speed == sent.speed
