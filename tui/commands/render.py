"""`warmer render`: the noise of pictures rendered again, and the proof that it still gives the same pixels."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from engine.errors import EngineError, InvalidRequestError, ModelError, RenderCancelled, RenderError
from engine.models.samplers import draws_noise
from engine.rendering.events import PictureRendered
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from latentpng.errors import ExitCode, LatentPngError
from latentpng.png.files import read_record
from latentpng.record import LatentRecord
from latentpng.reports.tally import Tally
from tui.arguments import add_model_options, add_scheduler_option
from tui.cli import exit_code_of
from tui.commands.check import Checked, compare
from tui.commands.confirm import Confirmation, imported_root, other_noise, write_confirmed
from tui.commands.run import Output, Work, refuse_overwriting, save, say
from tui.options import Target, target_for_record


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `warmer render`."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a picture that carries its noise")
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare with the file's own pixels, a line a file; exit code 8 if they differ",
    )
    parser.add_argument(
        "--confirm",
        action="store_true",
        help="with --check, for a picture of `latentpng import`: when its noise gives its pixels, nearly, and other "
        "noise does not, write that into the file in place of the mark `unverified`; exit code 8 when not",
    )
    add_scheduler_option(parser)
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
        return self.target.load.without_settings

    def job(self, number: int) -> RenderJob:
        """It alone."""
        task = PictureTask(index=0, lineage=self.record.lineage.ancestor(self.rounds), slot=self.slot)
        return RenderJob(job=number, tasks=(task,), settings=self.target.settings, root_tensor=self.record.root_tensor)


def run(options: argparse.Namespace, renderer: Renderer) -> int:
    """Renders each picture, in the order of the models that they need; saves it, or compares it."""
    if options.out is not None and len(options.files) > 1:
        raise InvalidRequestError(f"{options.out}: {len(options.files)} pictures were named, and --out is one file")
    if options.confirm and not options.check:
        raise InvalidRequestError("--confirm goes with --check: it writes down what the comparison found")
    output, tally = Output(json_lines=options.json), Tally()
    models: dict[tuple[object, ...], list[Path]] = {}
    for file in options.files:
        try:
            wanted = _wanted(options, file)
            refuse_overwriting(list(wanted.out), options.overwrite)
            models.setdefault(wanted.model, []).append(file)
        except (EngineError, LatentPngError) as error:
            _tell(options, output, tally, _failed(options, file, error))
    pictures = sum(map(len, models.values())) * (2 if options.confirm else 1)
    if models:
        with Work(renderer, pictures=pictures, quiet=options.quiet) as work:
            for checked in _worked(options, work, models.values(), output):
                _tell(options, output, tally, checked)
    if tally.total > 1 and not options.quiet:
        say(tally.summary)
    return tally.worst


class _Loading:
    """The model of some files.  One that cannot be loaded is not tried for the next, settings that it refuses are."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._loaded: tuple[object, ...] = ()
        self._refusal: ModelError | None = None

    def load(self, target: Target) -> None:
        """For this size too.  ModelError, InvalidRequestError, RenderError."""
        if self._refusal is not None:
            raise self._refusal
        wanted = target.load.what_matters
        if wanted == self._loaded:
            return
        try:
            self._work.load(target)
        except ModelError as problem:
            self._refusal = problem
            raise
        self._loaded = wanted


def _worked(options: argparse.Namespace, work: Work, models: Iterable[list[Path]], output: Output) -> Iterator[Checked]:
    """What came of each file, the moment it is known.

    Each is read again when its turn comes: the noise of thousands would not fit into memory.
    """
    numbers = count(1)
    for files in models:
        loading = _Loading(work)
        for file in files:
            try:
                wanted = _wanted(options, file)
                loading.load(wanted.target)
                event = _rendered(work, wanted.job(next(numbers)))
                confirmations = _confirmed(work, wanted, event, next(numbers)) if options.confirm else ()
                yield _done(options, wanted, event, output, confirmations)
            except RenderCancelled:
                raise
            except (EngineError, LatentPngError) as error:
                yield _failed(options, file, error)


def _wanted(options: argparse.Namespace, file: Path) -> _Wanted:
    """UnreadableFileError, NoLatentError and their kin, InvalidRequestError, ModelError."""
    record = read_record(file)
    own = len(record.lineage.rounds)
    rounds = own if options.round is None else options.round
    record.lineage.ancestor(rounds)
    if options.check and rounds != own:
        raise InvalidRequestError(f"--check compares the picture itself: round {own}, not round {rounds}")
    if options.confirm:
        imported_root(file, record)
    beside = () if options.check else (file.with_name(f"{file.stem}-round{rounds}.png"),)
    return _Wanted(
        file=file,
        record=record,
        target=target_for_record(options, record),
        rounds=rounds,
        slot=_slot(record) if rounds == own and not options.strict else (1, 0),
        out=beside if options.out is None else (options.out,),
    )


def _rendered(work: Work, job: RenderJob) -> PictureRendered:
    for event in list(work.pictures(job)):
        return event
    raise RenderError("the renderer gave no picture")


def _confirmed(work: Work, wanted: _Wanted, event: PictureRendered, number: int) -> tuple[Confirmation, ...]:
    """Measured against a rendering of other noise; written into the file when it holds."""
    apart = compare(wanted.file, wanted.record, event).apart
    other = _rendered(work, other_noise(wanted.job(number), wanted.record))
    found = Confirmation(
        apart=apart,
        other=compare(wanted.file, wanted.record, other).apart.mean,
        drawn=draws_noise(wanted.target.settings.scheduler),
    )
    if found.holds:
        write_confirmed(wanted.file, wanted.record, found, event)
    return (found,)


def _done(
    options: argparse.Namespace,
    wanted: _Wanted,
    event: PictureRendered,
    output: Output,
    confirmations: tuple[Confirmation, ...],
) -> Checked:
    for path in wanted.out:
        save(path, event)
        if options.json or not options.check:
            output.picture(path, event)
    if not options.check:
        if wanted.target.notice:  # a comparison says it by itself
            say(f"{wanted.file}: {wanted.target.notice}")
        return Checked(path=wanted.file, exit_code=ExitCode.OK)
    compared = compare(wanted.file, wanted.record, event)
    found = next(iter(confirmations), compared)
    return Checked(
        path=wanted.file,
        exit_code=found.exit_code,
        problem=f"{wanted.file}: {found.words}" if found.exit_code else "",
        comparisons=(compared,),
        confirmations=confirmations,
    )


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
