"""The choice of the pictures that differ most: laws of a pure function, and what a plan may cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rendering.events import Picture
from engine.search.first_grid import choose, plan_choice, pool_of
from latentpng.rules import MAX_CANDIDATES

sides = st.integers(1, 20)


@st.composite
def pools(draw: st.DrawFn) -> dict[int, Picture]:
    """Return pictures of one size under any marks."""
    width, height = draw(sides), draw(sides)
    marks = draw(st.lists(st.integers(0, MAX_CANDIDATES - 1), min_size=1, max_size=16, unique=True))
    size = width * height * 3
    return {
        mark: Picture(width=width, height=height, rgb=draw(st.binary(min_size=size, max_size=size))) for mark in marks
    }


def flat(*colours: tuple[int, int, int]) -> dict[int, Picture]:
    """Return pictures of one colour each."""
    return {
        mark: Picture(width=8, height=8, rgb=bytes(colour) * 64)  # each is a triple of bytes
        for mark, colour in enumerate(colours)
    }


@given(pools(), st.integers(1, 16))
def test_it_returns_so_many_of_them_each_once(pool: dict[int, Picture], count: int) -> None:
    chosen = choose(pool, count)
    assert len(chosen) == min(count, len(pool))
    assert list(chosen) == sorted(set(chosen))
    assert set(chosen) <= set(pool)


@given(pools(), st.integers(1, 16), st.randoms())
def test_the_order_of_the_pictures_does_not_matter(pool: dict[int, Picture], count: int, random: object) -> None:
    items = list(pool.items())
    random.shuffle(items)  # type: ignore[attr-defined] # a random.Random, which hypothesis types as object
    assert choose(dict(items), count) == choose(pool, count)


@given(st.integers(2, 6), st.integers(0, 5))
def test_of_two_that_are_alike_only_one_is_chosen(count: int, twin: int) -> None:
    colours = [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)][:count]
    pool = flat(*colours, colours[twin % count])
    chosen = choose(pool, count)
    assert len({pool[mark].rgb for mark in chosen}) == count


def test_an_outlier_alone_does_not_decide() -> None:
    """The sum of distances would take the white twins, both of which are far from everything else."""
    greys = [(level, level, level) for level in (0, 40, 80)]
    pool = flat(*greys, (255, 255, 255), (254, 254, 254))
    assert choose(pool, 3) != (0, 3, 4)
    assert len({3, 4} & set(choose(pool, 3))) == 1


def test_of_two_shades_and_a_middle_tone_the_far_ones_are_chosen() -> None:
    pool = flat((0, 0, 0), (10, 0, 0), (200, 0, 0), (0, 200, 0), (0, 190, 0), (0, 0, 250), (90, 90, 90))
    assert choose(pool, 4) == (0, 2, 3, 5)


@given(st.integers(1, 150), st.integers(1, 24))
def test_a_plan_takes_at_most_half_the_steps_of_the_grid(steps: int, candidates: int) -> None:
    plan = plan_choice(steps, candidates)
    if plan is not None:
        assert plan.of * plan.stop_after <= candidates * steps / 2
        assert 1 <= plan.stop_after <= steps
        assert 1.5 * candidates <= plan.of <= pool_of(candidates) <= MAX_CANDIDATES


@pytest.mark.parametrize(
    ("steps", "candidates", "expected"),
    [
        (12, 8, (24, 2)),
        (6, 8, (12, 2)),
        (5, 8, (20, 1)),
        (6, 15, (45, 1)),
        (30, 8, (24, 5)),
        (50, 3, (9, 8)),
        (4, 8, (16, 1)),
        (3, 8, (12, 1)),
        (2, 8, None),
        (1, 3, None),
    ],
)
def test_plans(steps: int, candidates: int, expected: tuple[int, int] | None) -> None:
    plan = plan_choice(steps, candidates)
    assert (plan and (plan.of, plan.stop_after)) == expected
