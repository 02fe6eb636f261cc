"""There is one way to write a file that is to last: `latentpng.png.atomic`.  Whoever needs a different one says why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import latentpng

ROOT = Path(latentpng.__file__).parents[1]
WRITES = frozenset({"write_bytes", "write_text", "rename", "replace", "link", "symlink_to", "hardlink_to", "touch"})
"""Methods and functions that write a file or give it a name; `replace` counts as a function of `os` only."""
ALLOWED = {
    "latentpng/png/atomic.py": "it is the one way",
    "latentpng/png/abandoned.py": "it gives abandoned files their names",
    "latentpng/png/disk.py": "it gives files their names",
    "engine/worker/process.py": "the log of a worker, which is a stream",
    "engine/cluster/local_head.py": "logs, and a token that only its owner may read from its first byte on",
    "engine/search/sessions.py": "the index, to which several programs append lines",
    "engine/kept/starting.py": "the log of a worker, which is a stream",
    "tui/app/state_files.py": "it renames what is damaged, be it a file, a folder or a pipe",
}


def writes_in(path: Path) -> Iterator[str]:
    """Yield the calls in a module that write a file or give it a name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        owner = (
            function.value.id if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) else ""
        )
        if name in WRITES and (name != "replace" or owner == "os"):
            yield f"{name} in line {node.lineno}"
        modes = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
        if name in {"open", "fdopen"} and any(_is_writing(mode) for mode in modes):
            yield f"{name} in line {node.lineno}"


def _is_writing(mode: ast.expr) -> bool:
    return (
        isinstance(mode, ast.Constant)
        and isinstance(mode.value, str)
        and len(mode.value) <= 3
        and bool(set(mode.value) & set("wax+"))
        and set(mode.value) <= set("rwaxbt+")
    )


def test_every_file_that_is_to_last_is_written_in_one_way() -> None:
    found = {}
    for package in ("latentpng", "engine", "tui"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if not name.startswith("engine/embedded/training/") and (writes := list(writes_in(path))):
                found[name] = writes
    assert {name: writes for name, writes in found.items() if name not in ALLOWED} == {}


def test_the_search_for_other_ways_finds_them(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "import os\nopen('a', 'wb')\nPath('a').write_text('')\nos.replace('a', 'b')\n'a'.replace('a', 'b')\n"
    )
    assert list(writes_in(module)) == ["open in line 2", "write_text in line 3", "replace in line 4"]
