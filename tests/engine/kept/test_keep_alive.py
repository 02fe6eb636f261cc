"""How long a worker stays, by a clock that a test sets; and how times are written."""

from __future__ import annotations

import math

import pytest

from engine.configuration.durations import duration_text, seconds_of
from engine.errors import InvalidRequestError
from engine.kept.keep_alive import GRACE_SECONDS, KeepAlive


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_counts_from_when_the_last_program_has_left() -> None:
    clock = Clock()
    stays = KeepAlive(60.0, clock)
    stays.count(2)
    clock.now += 1000
    assert stays.left == math.inf
    stays.count(1)
    stays.count(0)
    clock.now += 40
    stays.count(0)
    assert stays.left == 20
    stays.count(1)
    assert stays.left == math.inf
    stays.count(0)
    clock.now += 61
    assert stays.left == 0


def test_the_longest_time_counts_that_any_program_has_asked_for() -> None:
    clock = Clock()
    stays = KeepAlive(600.0, clock)
    stays.extend(5.0)
    assert stays.seconds == 600
    stays.extend(3600.0)
    stays.extend(0.0)
    assert stays.seconds == 3600
    stays.extend(math.inf)
    assert stays.left == math.inf


def test_the_program_that_started_it_has_time_to_attach() -> None:
    clock = Clock()
    stays = KeepAlive(1.0, clock)
    clock.now += 2
    assert stays.left == GRACE_SECONDS - 2
    stays.count(1)
    stays.count(0)
    assert stays.left == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (0, 0.0),
        (2.5, 150.0),
        ("2.5", 150.0),
        ("10m", 600.0),
        ("90s", 90.0),
        (" 2 H ", 7200.0),
        ("7d", 604800.0),
        (10080, 604800.0),
    ],
)
def test_times_as_people_write_them(value: float | str, seconds: float) -> None:
    assert seconds_of(value) == seconds


@pytest.mark.parametrize(
    "value", ["", "soon", "10 minutes", "-1m", "8d", "1e3", "1h30m", -1, 10081, math.nan, math.inf]
)
def test_what_is_no_time_is_refused(value: float | str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        seconds_of(value)
    assert str(caught.value) == (
        f'a time such as "10m", "90s", "2h" or "0", or a number of minutes, at most a week, found {value!r}'
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (89.0, "89 s"), (90.0, "2 min"), (599.0, "10 min"), (3600.0, "1 h"), (9000.0, "2 h 30 min")],
)
def test_times_as_people_read_them(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
