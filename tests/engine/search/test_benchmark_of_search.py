"""The benchmark of the search measures what it says: its statistics, its simulated people, its use of the algebra."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from latentpng.noise.replay import replay
from tests.benchmarks.search.cases import CaseSet, cases
from tests.benchmarks.search.game import Game, begin_game
from tests.benchmarks.search.intervals import first_at, median_of, paired_interval, success
from tests.benchmarks.search.oracles import DULL, ERRING, EXACT, FICKLE, Oracle
from tests.benchmarks.search.plans import EMBEDDED, Section
from tests.benchmarks.search.playing import Trace, play, play_grid, restart
from tests.benchmarks.search.report import table
from tests.benchmarks.search.results import Results, Run
from tests.benchmarks.search.strategies import BISECT, DEFAULT, FRESH, GUESS, QUARTERS, VARIED, Strategy
from tests.benchmarks.search.worlds import AXES, CELLS, Analytic, flat, mixture, spectrum

TUNING = CaseSet.TUNING
RUN = Run(world=EMBEDDED, kind=TUNING, cosine=0.5, strategy=DEFAULT, oracle=EXACT, grids=1, steps=4)


def test_the_interval_of_equal_differences_is_that_difference() -> None:
    found = paired_interval([1.5, 2.5, 3.5], [1.0, 2.0, 3.0])
    assert (found.mean, found.low, found.high) == (0.5, 0.5, 0.5)
    assert found.excludes_zero


def test_the_interval_of_many_normal_differences_is_that_of_the_textbook() -> None:
    differences = np.random.default_rng(1).normal(0.1, 1.0, 400)
    found = paired_interval(differences.tolist(), [0.0] * 400)
    error = 1.96 * statistics.stdev(differences) / math.sqrt(400)
    assert found.low == pytest.approx(found.mean - error, abs=0.01)
    assert found.high == pytest.approx(found.mean + error, abs=0.01)


def test_grids_that_are_not_reached_count_as_more() -> None:
    counts = [first_at(distances, 0.6) for distances in ([1.0, 0.7, 0.6], [1.0, 0.9, 0.8], [1.0, 0.5, 0.9])]
    assert counts == [2.0, math.inf, 1.0]
    assert (median_of(counts, 2), success(counts)) == ("2", 2 / 3)
    assert median_of([1.0, math.inf, math.inf], 2) == "> 2"


def test_the_exact_person_marks_the_nearest_that_beat_the_parent() -> None:
    assert EXACT.choose([0.5, 0.9, 0.3, 0.4], 0.8, 1.0, 3, Random(0)) == (2, 3, 0)
    assert EXACT.choose([0.5, 0.9, 0.3, 0.4], 0.8, 1.0, 1, Random(0)) == (2,)
    assert EXACT.choose([0.5, 0.9], 0.5, 1.0, 3, Random(0)) == ()


def test_a_person_who_sees_no_small_differences_takes_any_of_those_that_look_alike() -> None:
    assert DULL.choose([0.76, 0.77], 0.8, 1.0, 3, Random(0)) == ()
    taken = {DULL.choose([0.5, 0.52, 0.7], 0.8, 1.0, 1, Random(seed)) for seed in range(40)}
    assert taken == {(0,), (1,)}


def test_random_answers_do_not_depend_on_what_is_seen_and_are_as_frequent_as_asked() -> None:
    blind = Oracle(random=1.0)
    taken = [blind.choose([0.1, 2.0, 3.0], 1.0, 1.0, 3, Random(seed)) for seed in range(400)]
    assert {answer: taken.count(answer) > 60 for answer in taken} == dict.fromkeys([(), (0,), (1,), (2,)], True)
    luck = Random(5)
    errors = sum(ERRING.choose([0.1, 2.0, 3.0], 1.0, 1.0, 1, luck) != (0,) for _ in range(2000))
    assert errors / 2000 == pytest.approx(0.15 * 3 / 4, abs=0.03)


def test_all_people_draw_equally_often() -> None:
    lucks = [Random(3), Random(3)]
    ERRING.choose([0.1, 0.2], 1.0, 1.0, 3, lucks[0])
    EXACT.choose([3.0, 0.2], 0.1, 1.0, 1, lucks[1])
    assert lucks[0].getstate() == lucks[1].getstate()


def test_no_two_cases_share_a_seed_and_starts_are_as_near_as_asked() -> None:
    shape = (4, 32, 32)
    some = [case for kind in CaseSet for case in cases(kind, range(3), 0.5)]
    targets = np.stack([case.target(shape).ravel() for case in some]).astype(float)
    starts = np.stack([case.root(shape)[1].ravel() for case in some]).astype(float)
    assert np.corrcoef(targets, starts)[:6, 6:] == pytest.approx(0.5 * np.eye(6), abs=0.06)


@pytest.mark.parametrize("strategy", [DEFAULT, QUARTERS, GUESS, VARIED], ids=lambda strategy: strategy.name)
def test_the_noise_of_a_parent_is_what_replay_gives(strategy: Strategy) -> None:
    world = flat((1, 8, 8))
    case = cases(TUNING, range(1), 0.5)[0]
    world.begin(TUNING, case.target(world.shape)[None].astype(float), [0])
    game = begin_game(world, case, strategy, EXACT)
    restart(world, [game])
    for _ in range(6):
        play_grid(world, [game])
    assert game.session.lineage.rounds
    replayed = replay(game.session.lineage, world.shape, AXES, case.root(world.shape)[1])
    assert np.array_equal(game.noise(game.session.lineage), replayed)
    assert game.held[0].mean() == pytest.approx(((replayed - case.target(world.shape).astype(float)) ** 2).mean())


def test_the_distance_of_a_region_counts_only_what_lies_in_it() -> None:
    game = begun(flat((1, 8, 8)))
    maps = np.zeros((2, CELLS, CELLS))
    maps[0, :2, 2:] = 4.0
    assert [game.distance(maps, region) for region in ("01/00", "10/00", "1/0", "")] == [2.0, 0.0, 2**0.5, 1.0]


@pytest.mark.parametrize("world", [flat((4, 8, 8)), spectrum(), mixture()], ids=lambda world: world.name)
def test_the_target_can_be_reached(world: Analytic) -> None:
    targets = np.stack([case.target(world.shape) for case in cases(TUNING, range(2), 0.0)]).astype(float)
    world.begin(TUNING, targets, [0, 1])
    assert world.differences(targets, [0, 1]).max() == 0.0
    assert world.differences(targets[::-1], [0, 1]).mean((2, 3)).min() > 0.1


def test_picking_by_region_beats_the_default_and_both_beat_bisection_where_each_place_has_its_own_noise() -> None:
    world = flat((1, 8, 8))
    some = cases(TUNING, range(6), 0.5)
    ends = [
        statistics.mean(trace.distances[-1] for trace in play(world, TUNING, some, strategy, EXACT, 8))
        for strategy in (QUARTERS, DEFAULT, BISECT, FRESH)
    ]
    assert ends == sorted(ends)
    assert ends[1] < ends[2] - 0.05


def test_who_changes_their_mind_searches_for_something_else_from_the_middle_on() -> None:
    traces = [
        play(flat((1, 8, 8)), TUNING, cases(TUNING, range(1), 0.5), DEFAULT, oracle, 12)[0]
        for oracle in (EXACT, FICKLE)
    ]
    steady, fickle = (trace.distances for trace in traces)
    assert fickle[:7] == steady[:7]
    assert fickle[7] != steady[7]
    assert fickle[12] < fickle[7]


def test_finished_searches_are_not_played_again_and_a_line_that_was_cut_off_is_forgotten(tmp_path: Path) -> None:
    traces = [Trace(case=case, distances=(1.0, 0.5), others=(1.0, 0.25), keys=(0, case)) for case in range(4)]
    played: list[int] = []

    def play_some(numbers: Sequence[int]) -> list[Trace]:
        played.extend(numbers)
        return [traces[number] for number in numbers]

    assert Results(tmp_path).get(RUN, [0, 2], play_some) == [traces[0], traces[2]]
    assert Results(tmp_path).get(RUN, [0, 1, 2, 3], play_some) == traces
    assert played == [0, 2, 1, 3]
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    assert Results(tmp_path).get(RUN, [0, 1, 2, 3], play_some) == traces
    assert played == [0, 2, 1, 3, 3]


def test_the_start_of_a_longer_search_serves_a_shorter_one(tmp_path: Path) -> None:
    results = Results(tmp_path)
    long = Trace(case=0, distances=(1.0, 0.5, 0.25), others=(1.0, 0.5, 0.25), keys=(0, 1, 2))
    short = Trace(case=0, distances=(1.0, 0.5), others=(1.0, 0.5), keys=(0, 1))
    assert results.get(RUN, [0], lambda _: [short]) == [short]
    assert results.get(replace(RUN, grids=2), [0], lambda _: [long]) == [long]
    assert Results(tmp_path).get(RUN, [0], lambda _: []) == [short]
    fickle = replace(RUN, oracle=FICKLE)
    results.get(replace(fickle, grids=2), [0], lambda _: [long])
    assert results.get(fickle, [0], lambda _: [short]) == [short]


def test_results_of_one_run_are_not_those_of_another(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.get(RUN, [0], lambda _: [Trace(case=0, distances=(1.0,), others=(1.0,), keys=(0,))])
    other = Trace(case=0, distances=(0.5,), others=(1.0,), keys=(0,))
    assert results.get(replace(RUN, strategy=BISECT), [0], lambda _: [other]) == [other]


def test_a_table_compares_each_strategy_with_the_baselines() -> None:
    traces = {
        "bisect": [Trace(case=0, distances=(1.0, 0.9, 0.8), others=(1.0, 0.9, 0.9), keys=(0, 1, 2))],
        "default": [Trace(case=0, distances=(1.0, 0.6, 0.5), others=(1.0, 0.7, 0.6), keys=(0, 4, 14))],
    }
    section = Section(world="flat64", cosine=0.5, strategies=(BISECT, DEFAULT), count=1, grids=5)
    long = {name: [lengthened(trace) for trace in some] for name, some in traces.items()}
    assert table(section, long).splitlines()[2:] == [
        "| bisect | 0.800 | 0.900 | 2 (100%) | > 5 (0%) | > 5 (0%) | > 2 |  | +0.300 [+0.300, +0.300] |",
        "| default | 0.500 | 0.600 | 1 (100%) | 1 (100%) | 2 (100%) | 4 | -0.300 [-0.300, -0.300] |  |",
    ]


@pytest.mark.slow
def test_the_embedded_world_measures_the_distance_of_the_classifier() -> None:
    from engine.embedded.training.classifier import load_classifier
    from tests.benchmarks.search.embedded_world import Embedded

    world = Embedded(2)
    case = cases(TUNING, range(1), 0.5)[0]
    noise = np.stack([case.target(world.shape), case.root(world.shape)[1]]).astype(float)
    world.begin(TUNING, noise[:1], [0])
    pixels = ((world.pictures(noise, [0, 0]) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    maps = world.differences(noise, [0, 0])
    assert maps[0].mean((1, 2)) == pytest.approx(load_classifier().distance(pixels[[0, 0]], pixels), abs=1e-4)


def begun(world: Analytic) -> Game:
    return begin_game(world, cases(TUNING, range(1), 0.5)[0], DEFAULT, EXACT)


def lengthened(trace: Trace) -> Trace:
    return Trace(
        case=trace.case,
        distances=(*trace.distances, *trace.distances[-1:] * 3),
        others=(*trace.others, *trace.others[-1:] * 3),
        keys=(*trace.keys, *trace.keys[-1:] * 3),
    )
