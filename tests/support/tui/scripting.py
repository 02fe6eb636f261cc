"""`warmer` and its scripts run as the command line would, against the fake renderer."""

from __future__ import annotations

from types import MappingProxyType

from engine.fake import FakeRenderer
from tui.cli import script_parser
from tui.commands import new, render, vary

RUN = MappingProxyType({"new": new.run, "vary": vary.run, "render": render.run})


def warmer(name: str, *arguments: object, renderer: FakeRenderer | None = None) -> int:
    """Runs a script; its exit code."""
    options = script_parser(name).parse_args([*map(str, arguments), "--quiet"])
    return RUN[name](options, renderer or FakeRenderer())
