"""`warmer render`: the noise of pictures rendered again, and the proof that it still gives the same pixels."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.conditions import prompt_trouble
from engine.errors import Cancelled, EngineError, InvalidRequest, RenderProblem
from engine.events import PictureRendered
from engine.plan import LoadModel, PictureTask, RenderJob
from engine.renderer import Renderer
from latentpng.errors import ExitCode, LatentPngError
from latentpng.files import read_record
from latentpng.record import LatentRecord
from latentpng.tally import Tally
from tui.arguments import add_model_options
from tui.cli import exit_code_of
from tui.options import Target, target_for_record
from tui.scripts.checking import Checked, compare
from tui.scripts.running import Output, Work, refuse_overwriting, save, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `warmer render`."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a picture that carries its noise")
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare with the file's own pixels, a line a file; exit code 8 if they differ",
    )
    parser.add_argument("--round", type=int, metavar="N", help="its ancestor after N rounds; 0 is the root")
    parser.add_argument(
        "--out", type=Path, metavar="F", help="where to save one (default: beside FILE; not at all with --check)"
    )
    add_model_options(parser)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """One file.  rounds: of the ancestor that is asked for.  out: () when nothing is saved."""

    file: Path
    record: LatentRecord
    target: Target
    rounds: int
    slot: tuple[int, int]
    out: tuple[Path, ...]

    @property
    def model(self) -> tuple[object, ...]:
        """Files in which this is the same share what the worker has loaded; the settings go with each job."""
        load: LoadModel = self.target.load
        return load.model, load.device, load.dtype, load.micro_batch, load.made_with

    def job(self, number: int) -> RenderJob:
        """It alone."""
        task = PictureTask(index=0, lineage=self.record.lineage.ancestor(self.rounds), slot=self.slot)
        return RenderJob(job=number, tasks=(task,), settings=self.target.settings, root_tensor=self.record.root_tensor)


def run(options: argparse.Namespace, renderer: Renderer) -> int:
    """Renders each picture, in the order of the models that they need; saves it, or compares it."""
    if options.out is not None and len(options.files) > 1:
        raise InvalidRequest(f"{options.out}: {len(options.files)} pictures were named, and --out is one file")
    output, tally = Output(json_lines=options.json), Tally()
    models: dict[tuple[object, ...], list[Path]] = {}
    for file in options.files:
        try:
            wanted = _wanted(options, file)
            refuse_overwriting(list(wanted.out), options.overwrite)
            models.setdefault(wanted.model, []).append(file)
            if not options.check and (trouble := prompt_trouble(wanted.record)):
                say(f"{file}: {trouble}")
        except (EngineError, LatentPngError) as error:
            _tell(options, output, tally, _failed(options, file, error))
    if models:
        with Work(renderer, pictures=sum(map(len, models.values())), quiet=options.quiet) as work:
            for checked in _worked(options, work, models.values(), output):
                _tell(options, output, tally, checked)
    if tally.total > 1 and not options.quiet:
        say(tally.summary)
    return tally.worst


def _worked(options: argparse.Namespace, work: Work, models: Iterable[list[Path]], output: Output) -> Iterator[Checked]:
    """What came of each file, the moment it is known.  A model that cannot be loaded is not tried for the next."""
    number = 0
    for files in models:
        problem: list[EngineError] = []
        for place, file in enumerate(files):
            try:
                wanted = _wanted(options, file)
                if place == 0:
                    _load(work, wanted.target, problem)
                for error in problem:
                    raise error
                number += 1
                yield _done(options, wanted, _rendered(work, wanted, number), output)
            except Cancelled:
                raise
            except (EngineError, LatentPngError) as error:
                yield _failed(options, file, error)


def _load(work: Work, target: Target, problem: list[EngineError]) -> None:
    try:
        work.load(target)
    except EngineError as error:
        problem.append(error)


def _wanted(options: argparse.Namespace, file: Path) -> _Wanted:
    """UnreadableFile, NoLatent and their kin, InvalidRequest, ModelProblem."""
    record = read_record(file)
    own = len(record.lineage.rounds)
    rounds = own if options.round is None else options.round
    record.lineage.ancestor(rounds)
    if options.check and rounds != own:
        raise InvalidRequest(f"--check compares the picture itself: round {own}, not round {rounds}")
    beside = () if options.check else (file.with_name(f"{file.stem}-round{rounds}.png"),)
    return _Wanted(
        file=file,
        record=record,
        target=target_for_record(options, record),
        rounds=rounds,
        slot=_slot(record) if rounds == own and not options.strict else (1, 0),
        out=beside if options.out is None else (options.out,),
    )


def _rendered(work: Work, wanted: _Wanted, number: int) -> PictureRendered:
    for event in list(work.pictures(wanted.job(number))):
        return event
    raise RenderProblem("the renderer gave no picture")


def _done(options: argparse.Namespace, wanted: _Wanted, event: PictureRendered, output: Output) -> Checked:
    for path in wanted.out:
        save(path, event)
        if options.json or not options.check:
            output.picture(path, event)
    if not options.check:
        return Checked(path=wanted.file, exit_code=ExitCode.OK)
    found = compare(wanted.file, wanted.record, event)
    return Checked(path=wanted.file, exit_code=found.exit_code, comparisons=(found,))


def _failed(options: argparse.Namespace, file: Path, error: EngineError | LatentPngError) -> Checked:
    """The error of one of many; the only one is raised, as in every script, unless lines were asked for."""
    if len(options.files) == 1 and not options.check:
        raise error
    problem = str(error)
    if not problem.startswith(f"{file}: "):
        problem = f"{file}: {problem}"
    return Checked(path=file, exit_code=ExitCode(exit_code_of(error)), problem=problem)


def _tell(options: argparse.Namespace, output: Output, tally: Tally, checked: Checked) -> None:
    tally.codes[checked.exit_code] += 1
    if options.check:
        output.entries(checked.to_json()) if options.json else output.line(checked.line)
    elif checked.problem:
        say(checked.problem)


def _slot(record: LatentRecord) -> tuple[int, int]:
    """The recorded place in the batch, (0, 0) when the file does not say."""
    match record.settings.get("slot"):
        case [int(size), int(place)] if 0 <= place < size <= 64:
            return size, place
        case _:
            return 0, 0
