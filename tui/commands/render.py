"""`warmer render`: render the noise of pictures again, as it was or with other words, and check the pixels."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

from engine.edit import EditedPicture, edited_picture, record_at
from engine.edit_noise import noise_notice
from engine.errors import EngineError, InvalidRequestError, ModelError, RenderCancelled
from engine.models.samplers import draws_noise
from engine.options import Options
from engine.records import carrier_of
from engine.rendering.events import ModelReady, PictureRendered
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.target import Target
from latentpng.errors import ExitCode, LatentPngError
from latentpng.record import LatentRecord
from latentpng.reports.tally import Tally
from tui.arguments import CARRIERS, OutputArguments, add_edit_options, add_out_option
from tui.commands.check import Checked, compare
from tui.commands.confirm import Confirmation, imported_root, other_noise, write_confirmed
from tui.commands.output import Output, refuse_overwriting, say, teller
from tui.commands.rendering import Rendering
from tui.commands.saving import Saving
from tui.exit_codes import exit_code_of

_NEW_WORDS: Mapping[str, str] = {
    "prompt": "--prompt",
    "negative_prompt": "--negative",
    "size": "--size",
    "num_inference_steps": "--steps",
    "guidance_scale": "--guidance",
    "prompt_style": "--prompt-style",
    "clip_skip": "--clip-skip",
}


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
    """Add the command line of `warmer render`."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help=f"a picture, {CARRIERS}")
    parser.add_argument(
        "--check",
        action="store_true",
        help="instead of saving, compare with the pixels in the file, and print a line for each file; exit code 8 if "
        "they differ",
    )
    parser.add_argument(
        "--confirm",
        action="store_true",
        help="with --check, for a picture from `latentpng import`: if its noise gives nearly its pixels and unrelated "
        "noise does not, replace the mark `unverified` in the file by what was measured; exit code 8 if not",
    )
    parser.add_argument(
        "--round", type=int, metavar="N", help="render the picture's ancestor after N rounds; 0 is the root"
    )
    add_out_option(
        parser, "F", "where to save the picture of a single FILE (default: beside FILE; nowhere with --check)"
    )
    add_edit_options(parser)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """What is wanted of one file.

    Attributes:
        file: The file.
        record: What it carries.
        picture: What is rendered: the picture or ancestor, with a round more if the options change its settings.
        is_ancestor: Whether it comes from an ancestor, whose noise may have a different shape than the file's.
        slot: The slot to render it in; (0, 0) leaves that to the renderer.
        out: Where it is saved; () for nowhere.
        notice: What was rebuilt of its noise and assumed, as a sentence; "" for a picture that carries its noise.
    """

    file: Path
    record: LatentRecord
    picture: EditedPicture
    is_ancestor: bool
    slot: tuple[int, int]
    out: tuple[Path, ...]
    notice: str

    @property
    def target(self) -> Target:
        """What renders it."""
        return self.picture.target

    @property
    def model_key(self) -> tuple[object, ...]:
        """Files with the same key share what the worker has loaded; the settings go with each job."""
        return self.target.load.model_key

    def job(self, number: int) -> RenderJob:
        """Return the job that renders it alone."""
        task = PictureTask(index=0, lineage=self.picture.lineage, slot=self.slot)
        return RenderJob(job=number, tasks=(task,), settings=self.target.settings, root_tensor=self.record.root_tensor)


def run(options: Options, arguments: Arguments, renderer: Renderer) -> int:
    """Render each picture and save or compare it, grouped by model, so that each model is loaded once."""
    if arguments.out is not None and len(arguments.files) > 1:
        raise InvalidRequestError(f"--out {arguments.out} is one file, but {len(arguments.files)} pictures were given")
    if arguments.confirm and not arguments.check:
        raise InvalidRequestError("--confirm needs --check: it records what the comparison found")
    if arguments.check and (option := _new_words(options)):
        raise InvalidRequestError(f"--check compares the picture as it was made: leave out {option}")
    output, tally = Output(json_lines=arguments.json), Tally()
    models: dict[tuple[object, ...], list[Path]] = {}
    for file in arguments.files:
        try:
            wanted = _wanted(options, arguments, file)
            refuse_overwriting(list(wanted.out), arguments.force)
            models.setdefault(wanted.model_key, []).append(file)
        except (EngineError, LatentPngError) as error:
            _report(arguments, output, tally, _failed(arguments, file, error))
    pictures = sum(map(len, models.values())) * (2 if arguments.confirm else 1)
    if models:
        with (
            Saving(force=arguments.force) as saving,
            Rendering(renderer, pictures=pictures, quiet=arguments.quiet) as rendering,
        ):
            for checked in _results(options, arguments, rendering, saving, models.values(), output):
                _report(arguments, output, tally, checked)
    if tally.total > 1 and not arguments.quiet:
        say(tally.summary)
    return tally.worst


class _Loading:
    """The model of a group of files: after it could not be loaded, it is not tried again for the next file."""

    def __init__(self, rendering: Rendering) -> None:
        self._rendering = rendering
        self._loaded: tuple[object, ...] = ()
        self._ready: ModelReady | None = None
        self._refusal: ModelError | None = None

    def load(self, target: Target) -> ModelReady:
        """Load the model for this size, unless it is; ModelError, InvalidRequestError, RenderError."""
        if self._refusal is not None:
            raise self._refusal
        wanted = target.load.load_key
        if self._ready is not None and wanted == self._loaded:
            return self._ready
        try:
            self._ready = self._rendering.load(target)
        except ModelError as error:
            self._refusal = error
            raise
        self._loaded = wanted
        return self._ready


def _results(
    options: Options,
    arguments: Arguments,
    rendering: Rendering,
    saving: Saving,
    models: Iterable[list[Path]],
    output: Output,
) -> Iterator[Checked]:
    """Yield the result of each file as soon as it is known.

    Files are read again when their turn comes: the noise of thousands would not fit into memory.
    """
    numbers = count(1)
    for files in models:
        loading = _Loading(rendering)
        for file in files:
            try:
                wanted = _wanted(options, arguments, file)
                ready = loading.load(wanted.target)
                notice = "" if arguments.check or wanted.is_ancestor else noise_notice(wanted.record, ready)
                if notice:
                    say(f"{file}: {notice}")
                event = rendering.picture(wanted.job(next(numbers)))
                confirmations = _confirmed(rendering, wanted, event, next(numbers)) if arguments.confirm else ()
                yield _done(arguments, wanted, event, saving, output, confirmations)
            except RenderCancelled:
                raise
            except (EngineError, LatentPngError) as error:
                yield _failed(arguments, file, error)


def _wanted(options: Options, arguments: Arguments, file: Path) -> _Wanted:
    """Read a file and resolve its model; FileError, InvalidRequestError, ModelError."""
    carrier = carrier_of(file)
    record = carrier.record
    own = len(record.lineage.rounds)
    rounds = own if arguments.round is None else arguments.round
    if not 0 <= rounds <= own:
        raise InvalidRequestError(
            f"{file}: there is no round {rounds}; choose --round from 0, the root, to {own}, the picture itself"
        )
    if arguments.check and rounds != own:
        raise InvalidRequestError(f"--check compares the picture itself, round {own}: leave out --round {rounds}")
    if arguments.confirm and carrier.notice:
        raise InvalidRequestError(
            f"{file}: --confirm writes into the picture, and this one is left as another tool made it: run "
            f"`latentpng import {shlex.quote(str(file))}` first, and confirm what it writes"
        )
    if arguments.confirm:
        imported_root(file, record)
    picture = edited_picture(options, record_at(record, rounds), teller(arguments.quiet))
    if arguments.check:  # it compares under other conditions, and changes nothing
        picture = replace(picture, lineage=record.lineage)
    beside = () if arguments.check else (file.with_name(f"{file.stem}-round{len(picture.lineage.rounds)}.png"),)
    return _Wanted(
        file=file,
        record=record,
        picture=picture,
        is_ancestor=rounds != own,
        slot=_slot(record) if picture.lineage == record.lineage and not options.strict else (1, 0),
        out=beside if arguments.out is None else (arguments.out,),
        notice=carrier.notice,
    )


def _confirmed(rendering: Rendering, wanted: _Wanted, event: PictureRendered, number: int) -> tuple[Confirmation, ...]:
    """Compare with a rendering of unrelated noise, and record in the file when the noise is confirmed."""
    apart = compare(wanted.file, wanted.record, event, wanted.target).apart
    other = rendering.picture(other_noise(wanted.job(number), wanted.record))
    found = Confirmation(
        apart=apart,
        other=compare(wanted.file, wanted.record, other, wanted.target).apart.mean,
        draws_noise=draws_noise(wanted.target.settings.scheduler),
        undone=wanted.target.undone,
    )
    if found.holds:
        write_confirmed(wanted.file, wanted.record, found, event)
    return (found,)


def _done(
    arguments: Arguments,
    wanted: _Wanted,
    event: PictureRendered,
    saving: Saving,
    output: Output,
    confirmations: tuple[Confirmation, ...],
) -> Checked:
    if wanted.notice:
        say(f"{wanted.file}: {wanted.notice}")
    for path in wanted.out:
        is_printed = arguments.json or not arguments.check
        saving.save(path, event, partial(output.picture, event=event) if is_printed else lambda _: None)
    if not arguments.check:
        if wanted.target.notice:  # a comparison reports it anyway
            say(f"{wanted.file}: {wanted.target.notice}")
        return Checked(path=wanted.file, exit_code=ExitCode.OK)
    compared = compare(wanted.file, wanted.record, event, wanted.target)
    found = next(iter(confirmations), compared)
    return Checked(
        path=wanted.file,
        exit_code=found.exit_code,
        problem=f"{wanted.file}: {found.words}" if found.exit_code else "",
        comparisons=(compared,),
        confirmations=confirmations,
    )


def _failed(arguments: Arguments, file: Path, error: EngineError | LatentPngError) -> Checked:
    """Return the error of a file as its result; without --check, the error of the only file is raised."""
    if len(arguments.files) == 1 and not arguments.check:
        raise error
    problem = str(error)
    if not problem.startswith(f"{file}: "):
        problem = f"{file}: {problem}"
    return Checked(path=file, exit_code=ExitCode(exit_code_of(error)), problem=problem)


def _report(arguments: Arguments, output: Output, tally: Tally, checked: Checked) -> None:
    tally.codes[checked.exit_code] += 1
    if arguments.check:
        output.entries(checked.to_json()) if arguments.json else output.line(checked.line)
    elif checked.problem:
        say(checked.problem)


def _new_words(options: Options) -> str:
    """Return the first option that asks for a different picture; "" when there is none.

    The options of the model, and the scheduler, say under which conditions a picture is checked.
    """
    asked = [name for name in _NEW_WORDS if getattr(options, name) != getattr(Options(), name)]
    if not asked:
        return ""
    by_profile = "" if asked[0] in options.given else f", which the profile {options.profile} sets"
    return f"{_NEW_WORDS[asked[0]]}{by_profile}"


def _slot(record: LatentRecord) -> tuple[int, int]:
    """Return the recorded slot, (0, 0) when the file records none."""
    match record.settings.get("slot"):
        case [int(size), int(index)] if 0 <= index < size <= 64:
            return size, index
        case _:
            return 0, 0
