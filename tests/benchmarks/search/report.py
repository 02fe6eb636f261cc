"""Tables in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from tests.benchmarks.search.intervals import first_at, median_of, paired_interval, success
from tests.benchmarks.search.plans import Section
from tests.benchmarks.search.playing import Trace
from tests.benchmarks.search.strategies import BISECT, DEFAULT

LEVELS = (0.8, 0.6, 0.5)
_MOMENTS = (5, 10, 20)


def table(section: Section, traces: Mapping[str, Sequence[Trace]]) -> str:
    """Return the table of a section: how near the searches came, how soon, and by how much they beat the baselines.

    Args:
        section: The section.
        traces: The searches of each strategy, by its name; the same cases in the same order.
    """
    moments = [grid for grid in _MOMENTS if grid <= section.grids]
    judged = min(10, section.grids)
    baselines = _baselines(traces, judged)
    head = [
        "strategy",
        f"D/D0 after {', '.join(map(str, moments))}",
        f"other metric after {moments[-1]}",
        *(f"grids to {level:.0%}" for level in LEVELS),
        "keys to 60%",
        *(f"against {name} after {judged}" for name in baselines),
    ]
    lines = [_line(head), _line(["---"] * len(head))]
    for name, some in traces.items():
        cells = [name, " / ".join(f"{_mean(some, grid):.3f}" for grid in moments)]
        cells.append(f"{statistics.mean(trace.others[moments[-1]] for trace in some):.3f}")
        cells += [_grids(some, level, section.grids) for level in LEVELS]
        cells.append(_keys(some, 0.6))
        for base in baselines:
            values, others = ([trace.distances[judged] for trace in each] for each in (some, traces[base]))
            cells.append("" if base == name else str(paired_interval(values, others)))
        lines.append(_line(cells))
    return "\n".join(lines)


def title(section: Section) -> str:
    """Return the heading of a section."""
    start = "a fresh seed" if not section.cosine else f"a start with cosine {section.cosine:g}"
    return f"{section.world}, from {start}, {section.oracle.name}, {section.count} cases"


def _baselines(traces: Mapping[str, Sequence[Trace]], grid: int) -> list[str]:
    """Return what is compared with: bisect, the best of the fixed parents, and the default."""
    fixed = sorted((name for name in traces if name.startswith("A1111")), key=lambda name: _mean(traces[name], grid))
    return [name for name in (BISECT.name, *fixed[:1], DEFAULT.name) if name in traces]


def _mean(traces: Sequence[Trace], grid: int) -> float:
    return statistics.mean(trace.distances[grid] for trace in traces)


def _grids(traces: Sequence[Trace], level: float, most: int) -> str:
    counts = [first_at(trace.distances, level) for trace in traces]
    return f"{median_of(counts, most)} ({success(counts):.0%})"


def _keys(traces: Sequence[Trace], level: float) -> str:
    counts = [first_at(trace.distances, level) for trace in traces]
    keys = [
        trace.keys[int(count)] if count < len(trace.keys) else float("inf")
        for trace, count in zip(traces, counts, strict=True)
    ]
    return median_of(keys, max(trace.keys[-1] for trace in traces))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
