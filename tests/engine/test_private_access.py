"""No module of the engine reaches into private parts of another library, except the seams (engine/diffusion/seams)."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEAMS = ROOT / "engine" / "diffusion" / "seams"
FILES = sorted(path for path in (ROOT / "engine").rglob("*.py") if SEAMS not in path.parents)

PUBLIC_AT_THE_TOP = {"accelerate", "diffusers", "peft", "transformers"}
"""What these do not export at their top level may change in any release."""
INTERNALS = {"__code__", "__dict__", "__globals__", "__wrapped__"}

ALLOWED = {
    "from ray._raylet import GcsClient": "what Ray itself uses; the public way takes 20 s to be refused",
    "os._exit": "a documented function, despite its name",
    "pipe.scheduler = ...": "documented by diffusers as the way to change the scheduler of a pipeline",
    "threading.excepthook = ...": "documented as the way to handle what a thread did not catch",
    "tokenizer.normalizer = ...": "documented by tokenizers as the way to set it",
    "tokenizer.pre_tokenizer = ...": "documented by tokenizers as the way to set it",
    "torch.backends.cudnn.benchmark = ...": "a documented switch of torch",
    "torch.backends.cudnn.deterministic = ...": "a documented switch of torch",
}


def findings(source: str, assignable: frozenset[str] = frozenset()) -> list[tuple[int, str]]:
    """Return the lines of a source that reach into private parts, each with the expression that does.

    assignable: names of attributes that classes of the same folder define.
    """
    tree = ast.parse(source)
    own = _own_names(tree)
    return sorted({found for node in ast.walk(tree) for found in _found_in(node, own, own | assignable)})


@functools.cache
def findings_in(path: Path) -> list[tuple[int, str]]:
    """Return the findings of a file."""
    return findings(path.read_text("utf-8"), _names_in(path.parent))


@functools.cache
def _names_in(folder: Path) -> frozenset[str]:
    files = [path for path in FILES if path.parent == folder]
    return frozenset(name for path in files for name in _own_names(ast.parse(path.read_text("utf-8"))))


def _own_names(tree: ast.AST) -> set[str]:
    """Return the names of functions, and of attributes of classes, that a file defines."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.Attribute) and _is_self(node.value):
            names.add(node.attr)
    return names


def _found_in(node: ast.AST, own: set[str], assignable: set[str]) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Attribute) and not _is_self(node.value):
        if (_is_private(node.attr) and node.attr not in own) or node.attr in INTERNALS:
            yield node.lineno, ast.unparse(node)
        if not isinstance(node.ctx, ast.Load) and node.attr not in assignable:
            yield node.lineno, f"{ast.unparse(node)} = ..."
        if ast.unparse(node) == "sys.modules":
            yield node.lineno, "sys.modules"
    elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "hasattr", "setattr", "delattr"):
        name = node.args[1].value if isinstance(node.args[1], ast.Constant) else ""
        if _is_private(str(name)) or ast.unparse(node.func) in ("setattr", "delattr"):
            yield node.lineno, ast.unparse(node)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        names = [*modules, *(alias.name for alias in node.names)]
        is_private = any(_is_private(part) for name in names for part in name.split("."))
        is_deep = any("." in module and module.split(".")[0] in PUBLIC_AT_THE_TOP for module in modules)
        if is_private or is_deep:
            yield node.lineno, ast.unparse(node)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_private_parts_of_libraries_are_reached_by_seams_alone(path: Path) -> None:
    found = [f"{path.relative_to(ROOT)}:{line}: {text}" for line, text in findings_in(path)]
    assert [each for each in found if each.split(": ", 1)[1] not in ALLOWED] == [], "move it into a file of the seams"


def test_nothing_is_allowed_that_nobody_uses() -> None:
    used = {text for path in FILES for _, text in findings_in(path)}
    assert used == ALLOWED.keys()


@pytest.mark.parametrize(
    "source",
    [
        "import torch._dynamo",
        "from torch import _dynamo",
        "from diffusers.models.attention_dispatch import AttentionBackendName",
        "pipe._unpack_latents(latents)",
        "getattr(pipe, '_unpack_latents', None)",
        "hasattr(processor, '_attention_backend')",
        "scheduler.step = step",
        "self._pipe.encode_prompt = encode",
        "setattr(scheduler, 'step', step)",
        "del scheduler.step",
        "scheduler.__dict__.pop('step')",
        "method.__globals__['randn_tensor'] = hook",
        "sys.modules.get('huggingface_hub.constants')",
    ],
)
def test_every_way_in_is_found(source: str) -> None:
    assert [line for line, _ in findings(source)] == [1]


@pytest.mark.parametrize(
    "source",
    [
        "from diffusers import FluxPipeline",
        "from torch.nn import functional",
        "from huggingface_hub.errors import GatedRepoError",
        "self._loaded = loaded",
        "class Entry:\n    _rank: int\n\nentry._rank",
        "type(pipe).__name__",
        "pipe.scheduler.step",
        "getattr(pipe, 'vae', None)",
    ],
)
def test_what_is_public_or_our_own_is_not_found(source: str) -> None:
    assert findings(source) == []
