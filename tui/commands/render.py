"""`warmer render`: the noise of pictures rendered again, and the proof that it still gives the same pixels."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from engine.errors import EngineError, InvalidRequestError, ModelError, RenderCancelled, RenderError
from engine.models.samplers import draws_noise
from engine.options import Options
from engine.rendering.events import PictureRendered
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.target import Target, target_for_record
from latentpng.errors import ExitCode, LatentPngError
from latentpng.png.files import read_record
from latentpng.record import LatentRecord
from latentpng.reports.tally import Tally
from tui.arguments import OutputArguments, add_model_options, add_scheduler_option
from tui.commands.check import Checked, compare
from tui.commands.confirm import Confirmation, imported_root, other_noise, write_confirmed
from tui.commands.run import Output, Work, refuse_overwriting, save, say
from tui.exit_codes import exit_code_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments(OutputArguments):
    """What only `warmer render` is asked for.

    Attributes:
        files: The pictures.
        check: Compare with the file's own pixels instead of saving.
        confirm: Write into an imported picture that its noise was confirmed.
        round: The number of rounds of the ancestor to render; None for the picture itself.
        out: Where the one picture is saved; None for beside its file, or for nowhere with `check`.
    """

    files: tuple[Path, ...]
    check: bool = False
    confirm: bool = False
    round: int | None = None
    out: Path | None = None


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
        return self.target.load.model_key

    def job(self, number: int) -> RenderJob:
        """It alone."""
        task = PictureTask(index=0, lineage=self.record.lineage.ancestor(self.rounds), slot=self.slot)
        return RenderJob(job=number, tasks=(task,), settings=self.target.settings, root_tensor=self.record.root_tensor)


def run(options: Options, arguments: Arguments, renderer: Renderer) -> int:
    """Renders each picture, in the order of the models that they need; saves it, or compares it."""
    if arguments.out is not None and len(arguments.files) > 1:
        raise InvalidRequestError(f"{arguments.out}: {len(arguments.files)} pictures were named, and --out is one file")
    if arguments.confirm and not arguments.check:
        raise InvalidRequestError("--confirm goes with --check: it writes down what the comparison found")
    output, tally = Output(json_lines=arguments.json), Tally()
    models: dict[tuple[object, ...], list[Path]] = {}
    for file in arguments.files:
        try:
            wanted = _wanted(options, arguments, file)
            refuse_overwriting(list(wanted.out), arguments.overwrite)
            models.setdefault(wanted.model, []).append(file)
        except (EngineError, LatentPngError) as error:
            _tell(arguments, output, tally, _failed(arguments, file, error))
    pictures = sum(map(len, models.values())) * (2 if arguments.confirm else 1)
    if models:
        with Work(renderer, pictures=pictures, quiet=arguments.quiet) as work:
            for checked in _worked(options, arguments, work, models.values(), output):
                _tell(arguments, output, tally, checked)
    if tally.total > 1 and not arguments.quiet:
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
        wanted = target.load.load_key
        if wanted == self._loaded:
            return
        try:
            self._work.load(target)
        except ModelError as problem:
            self._refusal = problem
            raise
        self._loaded = wanted


def _worked(
    options: Options, arguments: Arguments, work: Work, models: Iterable[list[Path]], output: Output
) -> Iterator[Checked]:
    """What came of each file, the moment it is known.

    Each is read again when its turn comes: the noise of thousands would not fit into memory.
    """
    numbers = count(1)
    for files in models:
        loading = _Loading(work)
        for file in files:
            try:
                wanted = _wanted(options, arguments, file)
                loading.load(wanted.target)
                event = _rendered(work, wanted.job(next(numbers)))
                confirmations = _confirmed(work, wanted, event, next(numbers)) if arguments.confirm else ()
                yield _done(arguments, wanted, event, output, confirmations)
            except RenderCancelled:
                raise
            except (EngineError, LatentPngError) as error:
                yield _failed(arguments, file, error)


def _wanted(options: Options, arguments: Arguments, file: Path) -> _Wanted:
    """UnreadableFileError, NoLatentError and their kin, InvalidRequestError, ModelError."""
    record = read_record(file)
    own = len(record.lineage.rounds)
    rounds = own if arguments.round is None else arguments.round
    record.lineage.ancestor(rounds)
    if arguments.check and rounds != own:
        raise InvalidRequestError(f"--check compares the picture itself: round {own}, not round {rounds}")
    if arguments.confirm:
        imported_root(file, record)
    beside = () if arguments.check else (file.with_name(f"{file.stem}-round{rounds}.png"),)
    return _Wanted(
        file=file,
        record=record,
        target=target_for_record(options, record),
        rounds=rounds,
        slot=_slot(record) if rounds == own and not options.strict else (1, 0),
        out=beside if arguments.out is None else (arguments.out,),
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
    arguments: Arguments,
    wanted: _Wanted,
    event: PictureRendered,
    output: Output,
    confirmations: tuple[Confirmation, ...],
) -> Checked:
    for path in wanted.out:
        save(path, event)
        if arguments.json or not arguments.check:
            output.picture(path, event)
    if not arguments.check:
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


def _failed(arguments: Arguments, file: Path, error: EngineError | LatentPngError) -> Checked:
    """The error of one of many; the only one is raised, as in every script, unless lines were asked for."""
    if len(arguments.files) == 1 and not arguments.check:
        raise error
    problem = str(error)
    if not problem.startswith(f"{file}: "):
        problem = f"{file}: {problem}"
    return Checked(path=file, exit_code=ExitCode(exit_code_of(error)), problem=problem)


def _tell(arguments: Arguments, output: Output, tally: Tally, checked: Checked) -> None:
    tally.codes[checked.exit_code] += 1
    if arguments.check:
        output.entries(checked.to_json()) if arguments.json else output.line(checked.line)
    elif checked.problem:
        say(checked.problem)


def _slot(record: LatentRecord) -> tuple[int, int]:
    """The recorded place in the batch, (0, 0) when the file does not say."""
    match record.settings.get("slot"):
        case [int(size), int(place)] if 0 <= place < size <= 64:
            return size, place
        case _:
            return 0, 0
