"""The table of the campaign, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.campaigns.attack.running import Results

_HEAD = ("| part | kind | cases | faults | maxima |", "|---|---|---|---|---|")


def lines(found: Mapping[str, Results]) -> Iterator[str]:
    """Yield the lines of the table, and then the faults.

    Args:
        found: What is known, by the name of the part.
    """
    yield from _HEAD
    for name, results in found.items():
        for kind, row in results.rows.items():
            cases = "not tried" if row.missing and not row.cases else f"{row.cases:,}"
            maxima = row.missing or ", ".join(f"{value:,.4g} {unit}" for unit, value in row.maxima.items())
            yield f"| {name} | {kind} | {cases} | {row.faults} | {maxima} |"
    yield ""
    for name, results in found.items():
        commits = ", ".join(results.commits)
        yield f"{name}: {results.next:,} cases in {results.seconds:,.0f} s, at {commits}"
        for kind, row in results.rows.items():
            for example in row.examples:
                yield f"fault of {name}, {kind}: {example}"
