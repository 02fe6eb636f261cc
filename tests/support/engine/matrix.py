"""The rule for every family with every scheduler: the same noise gives the same picture, bit for bit.

python -m tests.support.engine.matrix FOLDER    renders the files of FOLDER again, in a fresh process.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from engine.compare import differing_conditions
from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import LoadedModel
from engine.errors import InvalidRequestError, RenderCancelled
from engine.models.schedulers import scheduler_settings
from engine.rendering.events import Event, PictureRendered, StepDone
from engine.rendering.requests import PictureTask, RenderJob
from engine.rendering.settings import RenderSettings, SchedulerSettings
from latentpng.png.files import pixel_digest, read_record, write_picture
from latentpng.record import Lineage, Round, SeedRoot
from tests.support.engine.families.catalogue import FAMILIES, load_family, save_family
from tests.support.engine.tiny import job_of

PARENT = Lineage(root=SeedRoot(seed=7))
OWN = "its own"
PROMPT_ALONE = "its own, only the prompt moves"
IGNORES_PROMPT = {"Kandinsky 5", "ERNIE-Image", "PRX", "PRX pixel"}
"""The gates of their layers start at zero, so that without training no prompt changes the picture."""
VARIED = Round(seed=1, scale=0.7, of=9)
ONLY_PROMPT = Round(seed=1, scale=0.0, of=9, prompt_scale=0.7)
EXTRA: Mapping[str, SchedulerSettings] = MappingProxyType(
    {
        "DDIM, eta 1": SchedulerSettings(name="DDIMScheduler", eta=1.0),
        "TCD, eta 1": SchedulerSettings(name="TCDScheduler", eta=1.0),
        "DPMSolverMultistep, SDE": SchedulerSettings(
            name="DPMSolverMultistepScheduler", options={"algorithm_type": "sde-dpmsolver++"}
        ),
        "DPMSolverMultistep, 3M SDE": scheduler_settings("dpmpp_3m_sde"),
        "DPMSolverMultistep + simple": scheduler_settings("dpmpp_2m + simple"),
        "EulerDiscrete + simple": scheduler_settings("euler + simple"),
        "EulerAncestralDiscrete + karras": scheduler_settings("euler_ancestral + karras"),
        "KDPM2Discrete + beta": scheduler_settings("dpm_2 + beta"),
        "UniPCMultistep, bh1": scheduler_settings("uni_pc"),
        "FlowMatchEulerDiscrete + simple": scheduler_settings("FlowMatchEulerDiscrete + simple"),
        "FlowMatchEulerDiscrete + beta": scheduler_settings("FlowMatchEulerDiscrete + beta"),
        "FlowMatchEulerDiscrete, stochastic": SchedulerSettings(
            name="FlowMatchEulerDiscreteScheduler", options={"stochastic_sampling": True}
        ),
    }
)
"""Samplers and schedules of other tools, and schedulers that draw noise only with an option, beside each class."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """The result for one family with one scheduler.

    Attributes:
        family: A key of `FAMILIES`.
        scheduler: A key of `schedulers_of`.
        reason: "" if the rule holds; else which part of it does not, or why the combination is refused.
    """

    family: str
    scheduler: str
    reason: str = ""


def schedulers_of(loaded: LoadedModel) -> dict[str, SchedulerSettings]:
    """Return the model's own scheduler, then every class that it can use, then those of `EXTRA` of such a class."""
    usable = loaded.own.usable
    classes = {name.removesuffix("Scheduler"): SchedulerSettings(name=name) for name in usable}
    return {OWN: SchedulerSettings(), **classes, **{name: one for name, one in EXTRA.items() if one.name in usable}}


def loaded_family(family: str, folder: Path) -> LoadedModel:
    """Load a family from below `folder`, where it is built and saved if it is missing and can be saved."""
    model = _family_folder(family, folder) / "model"
    if FAMILIES[family].is_saved and not model.exists():
        save_family(family, model)
    return load_family(family, model)


def check(loaded: LoadedModel, family: str, scheduler: str, folder: Path) -> Cell:
    """Check what can be checked in this process, and write a picture below `folder` for the fresh one."""
    settings = replace(FAMILIES[family].settings, scheduler=schedulers_of(loaded)[scheduler])
    return _checked(family, scheduler, folder, _Batches(loaded, settings, VARIED))


def check_prompt(loaded: LoadedModel, family: str, folder: Path) -> Cell:
    """Check the same for candidates that share their noise and differ in the offsets of their prompt."""
    if family in IGNORES_PROMPT:
        return Cell(
            family=family,
            scheduler=PROMPT_ALONE,
            reason="random weights of this family ignore the prompt",
        )
    batches = _Batches(loaded, FAMILIES[family].settings, ONLY_PROMPT)
    return _checked(family, PROMPT_ALONE, folder, batches)


def rendered_again(folder: Path) -> dict[tuple[str, str], str]:
    """Render the pictures below `folder` in a fresh process; return "" or what differs, by family and scheduler."""
    command = [sys.executable, "-m", "tests.support.engine.matrix", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    answers: list[tuple[str, str, str]] = json.loads(done.stdout.splitlines()[-1])
    return {(family, scheduler): reason for family, scheduler, reason in answers}


def pictures_of(loaded: LoadedModel, job: RenderJob) -> list[PictureRendered]:
    """Render all pictures of a job in one batch."""
    events: list[Event] = []
    JobRunner(loaded, emit=events.append, is_cancelled=lambda _: False, micro_batch=len(job.tasks)).run(job)
    return [event for event in events if isinstance(event, PictureRendered)]


def _checked(family: str, scheduler: str, folder: Path, batches: _Batches) -> Cell:
    try:
        reason = _broken(batches, _family_folder(family, folder) / f"{scheduler}.png")
    except InvalidRequestError as error:
        reason = str(error)
    except Exception as error:  # the other cells are still checked
        reason = f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
    return Cell(family=family, scheduler=scheduler, reason=reason)


class _Batches:
    """Batches of candidates of one parent, rendered with one set of settings."""

    def __init__(self, loaded: LoadedModel, settings: RenderSettings, round_: Round) -> None:
        self._loaded, self._settings, self._round = loaded, settings, round_

    def pictures(self, *marks: int) -> list[PictureRendered]:
        """Render the candidates with these marks, in this order."""
        return pictures_of(self._loaded, self._job(marks))

    def stops_after_two_steps(self, *marks: int) -> bool:
        """Return whether a batch that is cancelled in its second step ends there."""
        events: list[Event] = []
        runner = JobRunner(
            self._loaded, emit=events.append, is_cancelled=lambda _: len(events) >= 2, micro_batch=len(marks)
        )
        try:
            runner.run(self._job(marks))
        except RenderCancelled:
            return len(events) == 2 and all(isinstance(event, StepDone) for event in events)
        return False

    def _job(self, marks: tuple[int, ...]) -> RenderJob:
        tasks = tuple(
            PictureTask(index=index, lineage=PARENT.child(replace(self._round, marks=(mark,))))
            for index, mark in enumerate(marks)
        )
        return RenderJob(job=1, tasks=tasks, settings=self._settings)


def _broken(batches: _Batches, file: Path) -> str:
    """Return the first part of the rule that does not hold, in a few words; else ""."""
    before = _global_states()
    first = batches.pictures(0, 1)
    pictures = [event.picture for event in first]
    if _global_states() != before:
        return "something drew from a global random generator"
    if first[0].warning:
        return first[0].warning
    if pictures[0] == pictures[1] or any(len(set(picture.rgb)) == 1 for picture in pictures):
        return "the candidates are the same picture"
    if [event.picture for event in batches.pictures(0, 1)] != pictures:
        return "a repetition gives a different picture"
    if not batches.stops_after_two_steps(0, 1):
        return "a cancel does not take effect after the step"
    if batches.pictures(2, 1)[1].picture != pictures[1]:
        same = [event.picture for event in batches.pictures(0, 1)] == pictures
        return "a neighbour changes the picture" if same else "a cancelled job changes the next one"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_picture(file, pictures[1].width, pictures[1].height, pictures[1].rgb, first[1].record)
    return ""


def _global_states() -> tuple[object, ...]:
    return random.getstate(), repr(np.random.get_state()), torch.get_rng_state().numpy().tobytes()


def _family_folder(family: str, folder: Path) -> Path:
    return folder / str(list(FAMILIES).index(family))


def _again(family: str, folder: Path, files: list[Path]) -> Iterator[tuple[str, str, str]]:
    loaded = loaded_family(family, folder)
    for file in files:
        record = read_record(file)
        (fresh,) = pictures_of(loaded, job_of(record))
        same = pixel_digest(fresh.picture.rgb) == record.pixels
        other = "; ".join(differing_conditions(record, fresh.record))
        yield family, file.stem, other or ("" if same else "a fresh process renders a different picture")


def main(folder: Path) -> None:
    """Render all pictures again, in the reverse order of the process that rendered them first."""
    answers: list[tuple[str, str, str]] = []
    for family in reversed(list(FAMILIES)):
        files = sorted(_family_folder(family, folder).glob("*.png"), reverse=True)
        answers += _again(family, folder, files) if files else ()
    sys.stdout.write(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
