"""What a worker does *not* import to load and render with the model that ships, proved in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from tests.support.engine.workers import ROOT

UNUSED = (
    "accelerate.commands.launch",
    "peft.config",
    "scipy._lib",
    "sklearn",
    "sympy",
    "torch._dynamo.convert_frame",
    "torch._inductor",
    "torch.distributed.checkpoint.api",
    "torch.distributed.fsdp.api",
    "torch.distributed.tensor._api",
    "torchvision",
)
"""Each is imported by its package, which nothing needs."""

RENDER = """
    import sys
    from engine.diffusion.main import Worker
    from engine.models.resolve import defaults_of, resolve_model
    from engine.rendering.events import PictureRendered
    from engine.rendering.requests import LoadModel, PictureTask, RenderJob
    from latentpng.record import Lineage, SeedRoot

    class Events:
        def __init__(self):
            self.all = []
        def send(self, event):
            self.all.append(event)

    worker = Worker(Events())
    model = resolve_model("")
    settings = defaults_of(model).settings("a lake")
    worker._load(LoadModel(model=model, settings=settings, device="cpu"))
    tasks = (PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=7))),)
    worker._render(RenderJob(job=1, tasks=tasks, settings=settings))
    (picture,) = [event for event in worker._wire.all if isinstance(event, PictureRendered)]
"""


def printed_by(code: str) -> str:
    """Return what a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_model_that_ships_needs_no_package_that_it_does_not_use() -> None:
    found = printed_by(f"{RENDER}\n    print([name for name in {UNUSED!r} if name in sys.modules])")
    assert found == "[]\n"


def test_the_names_of_the_other_test_are_those_of_modules() -> None:
    """Else a package that moved a module would pass unseen."""
    code = f"""
        import importlib
        for name in {UNUSED!r}:
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:
                print(error.name)
    """
    assert set(printed_by(code).split()) <= {"sklearn", "torchvision"}


def test_pixels_are_those_of_a_process_that_imported_everything() -> None:
    everything = "import torch, torch._dynamo, torch.distributed.fsdp, torch.distributed.tensor, peft, scipy.stats"
    show = "print(picture.record.pixels, picture.record.node)"
    assert printed_by(f"    {everything}\n{RENDER}\n    {show}") == printed_by(f"{RENDER}\n    {show}")
