"""The tests on each Python that is installed: `make test-all`, or `.venv/bin/nox`.

tests               what needs no torch: the file format, the search, the models' files, the worker's client, the app
tests_with_torch    everything; only on request (`nox -s tests_with_torch-3.12`), because pip then fetches torch for
                    that Python, which can be gigabytes

A Python that is not installed is passed over.  Versions are those of constraints.txt.
"""

from __future__ import annotations

import nox
from packaging.requirements import Requirement

PYTHONS = ("3.11", "3.12", "3.13")
NEED_TORCH = {"accelerate", "diffusers", "peft", "torch", "torchsde", "transformers"}
FOLDERS_WITH_TORCH = ("tests/engine/diffusion", "tests/engine/embedded")

nox.options.sessions = ["tests"]
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run every test that needs no torch."""
    settings = nox.project.load_toml("pyproject.toml")
    needed = settings["tool"]["hatch"]["metadata"]["hooks"]["custom"]["dependencies"]
    light = [requirement for requirement in needed if Requirement(requirement).name not in NEED_TORCH]
    development = settings["project"]["optional-dependencies"]["dev"]
    session.install("-c", "constraints.txt", "-e", "./latentpng", *light, *development)
    session.install("--no-deps", "-e", ".")
    left_out = [f"--ignore={folder}" for folder in FOLDERS_WITH_TORCH]
    _pytest(session, *left_out)


@nox.session(python=PYTHONS)
def tests_with_torch(session: nox.Session) -> None:
    """Run every test."""
    session.install("-c", "constraints.txt", "-e", "./latentpng", "-e", ".[dev]")
    _pytest(session)


def _pytest(session: nox.Session, *options: str) -> None:
    session.run(
        "python", "-m", "pytest", "--numprocesses", "logical", "--dist", "loadscope", *options, *session.posargs
    )
