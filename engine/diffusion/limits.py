"""What loading a model may do: open the files that its fingerprint covers, and make no more than its weights hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.diffusion.seams.budget import Budget
from engine.diffusion.seams.sealed import sealed
from engine.models.files import ModelFiles
from engine.models.fingerprints import identity_files
from engine.models.look import component_parameter_count
from engine.rendering.requests import LoadModel, ModelChoice


@contextmanager
def only_its_files(request: LoadModel, choice: ModelChoice) -> Iterator[None]:
    """Load a model in this block: see `engine.diffusion.seams.sealed`.

    Args:
        request: What to load.
        choice: The model, on this machine.

    Raises:
        ForbiddenError: A library tried something else.
    """
    beside = (Path(text) for text in (choice.vae, request.preview_vae) if text)
    folders = [choice.folder, *(path for path in beside if path.is_dir())]
    with sealed(folders, (file for folder in folders for file in identity_files(folder))):
        yield


def budget_of(choice: ModelChoice, files: ModelFiles) -> Budget:
    """Return the mode that bounds what is made while a pipeline is built."""
    vae = component_parameter_count(Path(choice.vae)) if choice.vae else 0
    return Budget(files.tensor_count, sum(files.parameter_counts.values()) + vae)
