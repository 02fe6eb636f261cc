"""Every pipeline class of the installed diffusers: what warmer makes of it, and what its signature says.

python -m tests.support.engine.pipeline_classes    writes docs/families.md and engine/models/signatures.py again.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers

import engine
from engine.diffusion.load import text_to_image_problem
from engine.models.pipelines import needed_package, other_use
from tests.support.engine.families.catalogue import FAMILIES, build_family
from tests.support.engine.families.rare import RARE
from tests.support.engine.families.variants import VARIANTS

ROOT = Path(engine.__file__).parents[1]
TABLE = ROOT / "docs" / "families.md"
SIGNATURES = ROOT / "engine" / "models" / "signatures.py"

_NO_MODELS = ("DiffusionPipeline", "ModularPipeline", "PipelineQuantizationConfig")
_GUIDANCE = ("true_cfg_scale", "guidance_scale", "distilled_guidance_scale", "guidance_schedule")
_STEPS, _NO_GUIDANCE = 30, 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PipelineClass:
    """A pipeline class.

    Attributes:
        name: Its name.
        problem: Why it is refused, in a few words; "" if it is taken.
        package: The Python package that it needs beside those that come with warmer; "" if there is none.
        families: The families of the tests that use it, or whose parts it is tested with.
    """

    name: str
    problem: str
    package: str
    families: tuple[str, ...]


def pipeline_classes() -> tuple[PipelineClass, ...]:
    """Return all pipeline classes of diffusers, those that stand for a missing package included, in their order."""
    used: dict[str, list[str]] = {}
    for family in FAMILIES:
        used.setdefault(type(build_family(family)).__name__, []).append(family)
    for name, family in RARE.items():
        used.setdefault(type(family.build()).__name__, []).append(name)
    return tuple(
        PipelineClass(
            name=name,
            problem=other_use(name) or text_to_image_problem(getattr(diffusers, name)),
            package=needed_package(name),
            families=tuple(used.get(name, ())) or ((f"of the parts of {VARIANTS[name]}",) if name in VARIANTS else ()),
        )
        for name in class_names()
    )


def class_names() -> list[str]:
    """Return the names of all pipeline classes of diffusers."""
    return [
        name
        for name in sorted(dir(diffusers), key=str.casefold)
        if "Pipeline" in name
        and isinstance(getattr(diffusers, name), type)
        and name not in _NO_MODELS
        and not name.startswith("AutoPipeline")
        and not name.endswith(("Output", "Blocks"))
    ]


def table_text() -> str:
    """Return docs/families.md."""
    classes = pipeline_classes()
    taken = [one for one in classes if not one.problem]
    tested = [one for one in taken if one.families]
    lines = [
        "# Families of models",
        "",
        "A diffusers folder names the class of its pipeline in `model_index.json`. warmer takes the classes that make",
        f"a picture from a text alone: {len(taken)} of the {len(classes)} in diffusers {diffusers.__version__}.",
        "It refuses the others before it loads anything, in one sentence.",
        "`python -m tests.support.engine.pipeline_classes` writes this page, and a test compares it with the code.",
        "",
        "## Taken",
        "",
        f"The {len(tested)} classes with a name in the second column are tested with a tiny model of random weights:",
        "it loads and renders, alone and in a batch, and the same noise gives the same bits again in a fresh process",
        "(those made of the parts of another family, and some rare ones, only in the same process).",
        "The others have the signature that is needed, and nobody has tried them. The last column names a Python",
        "package that has to be installed beside warmer.",
        "",
        "| class | tested as | needs |",
        "|---|---|---|",
        *(f"| `{one.name}` | {', '.join(one.families)} | {_code(one.package)} |" for one in taken),
        "",
        "## Refused",
        "",
        "| class | why: it ... |",
        "|---|---|",
        *(f"| `{one.name}` | {one.problem} |" for one in classes if one.problem),
    ]
    return "\n".join(lines) + "\n"


def signatures_text() -> str:
    """Return engine/models/signatures.py."""
    rows = [
        f'        "{name}": ({", ".join(map(str, _defaults(getattr(diffusers, name))))}),'
        for name in class_names()
        if not (other_use(name) or text_to_image_problem(getattr(diffusers, name)))
    ]
    return "\n".join([_HEAD.format(version=diffusers.__version__), *rows, _FOOT])


_HEAD = '''"""What the signatures of the pipeline classes of diffusers say: steps, guidance scale, width and height.

`python -m tests.support.engine.pipeline_classes` writes this file, so that it can be read without diffusers {version}.
A guidance scale of 1 is none, and a width of 0 is that of the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SIGNATURES: Mapping[str, tuple[int, float, int, int]] = MappingProxyType(
    {{'''
_FOOT = """    }
)
"""


def _defaults(kind: Any) -> tuple[int, float, int, int]:
    parameters = inspect.signature(kind.__call__).parameters
    steps, width, height = (_number(parameters, name) for name in ("num_inference_steps", "width", "height"))
    guidance = next((value for name in _GUIDANCE if (value := _number(parameters, name))), _NO_GUIDANCE)
    if _number(parameters, "true_cfg_scale") == _NO_GUIDANCE and "guidance_scale" in parameters:
        guidance = _number(parameters, "guidance_scale")
    return int(steps) or _STEPS, float(guidance), int(width), int(height)


def _number(parameters: Mapping[str, inspect.Parameter], name: str) -> float:
    """Return the default of a parameter, the first one of several; 0 if it has none."""
    default = parameters[name].default if name in parameters else None
    first = default[0] if isinstance(default, tuple) and default else default
    return float(first) if isinstance(first, int | float) else 0.0


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def main() -> None:
    """Write both files."""
    TABLE.write_text(table_text(), "utf-8")
    SIGNATURES.write_text(signatures_text(), "utf-8")


if __name__ == "__main__":
    main()
