"""`warmer film`: show the way to a picture, as an animation through its ancestors or as a contact sheet of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, groupby
from pathlib import Path

from engine.errors import InvalidRequestError, ModelError, RenderCancelled
from engine.film.frames import film_size
from engine.film.known import is_whole, known_files, read_known
from engine.film.output import FilmOutput, check_writable
from engine.film.plan import FilmPlan, plan_film
from engine.film.timing import DEFAULT_BETWEEN, DEFAULT_FPS, Timing
from engine.film.way import Way, way_of
from engine.models.lookups import remembered_lookups
from engine.options import Options
from engine.records import Carrier, carrier_of
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.target import Target, target_for_record
from latentpng.ancestors import settings_along
from latentpng.errors import ExitCode
from latentpng.png.open import STANDARD_INPUT
from latentpng.record import Json, LatentRecord
from latentpng.text import plain
from tui.arguments import CARRIERS, OutputArguments, add_model_options, add_out_option, add_scheduler_option
from tui.commands.output import Output, refuse_overwriting, say, teller
from tui.commands.rendering import Rendering

_MAX_WIDTH = 4096
_MAX_PROBLEMS = 3
"""Reasons that are told why pictures are left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments(OutputArguments):
    """What only `warmer film` is asked for.

    Attributes:
        file: The picture.
        out: The animation; None for a name beside the picture, or for none if there is a sheet.
        sheet: The contact sheet; None for none.
        frames: Frames between two pictures of the way.
        seconds: The length of the animation.
        fps: Frames a second.
        width: The width of the animation, and of each picture on the sheet, in pixels; None for that of the pictures.
        words: Write the name of each picture of the way under it in the animation too.
    """

    file: Path
    out: Path | None = None
    sheet: Path | None = None
    frames: int | None = None
    seconds: float | None = None
    fps: float | None = None
    width: int | None = None
    words: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command line of `warmer film`."""
    parser.add_argument("file", type=Path, metavar="FILE", help=f"a picture, {CARRIERS}")
    add_out_option(
        parser,
        "F",
        "the animation: .webp, .gif, .apng or .png (animated PNG) (default: FILE-way.webp; none with --sheet alone)",
    )
    parser.add_argument("--sheet", type=Path, metavar="F", help="a contact sheet of the ancestors: a .png file")
    parser.add_argument(
        "--frames",
        type=int,
        metavar="N",
        help=f"pictures between an ancestor and the next one (default: {DEFAULT_BETWEEN}); 0 shows the ancestors alone",
    )
    parser.add_argument("--seconds", type=float, metavar="S", help="length of the animation (default: what N leads to)")
    parser.add_argument(
        "--fps", type=float, metavar="N", help=f"frames a second between two ancestors (default: {DEFAULT_FPS:g})"
    )
    parser.add_argument(
        "--size",
        dest="width",
        type=int,
        metavar="W",
        help="width in pixels of the animation, and of each picture on the sheet (default: the picture's, but 512 to "
        "768 for the longer side)",
    )
    parser.add_argument("--words", action="store_true", help="write under each frame which pick it shows")
    add_scheduler_option(parser, opens_picture=True)
    add_model_options(parser, opens_picture=True)


def run(options: Options, arguments: Arguments, renderer: Renderer) -> int:
    """Render the pictures of the way that are not on disk, and write the files."""
    if arguments.width is not None and not 1 <= arguments.width <= _MAX_WIDTH:
        raise InvalidRequestError(f"--size is a width from 1 to {_MAX_WIDTH} pixels, found {arguments.width}")
    film, sheet = _files(arguments)
    timing = Timing(between=arguments.frames, seconds=arguments.seconds, fps=arguments.fps)
    carrier = carrier_of(arguments.file)
    plan_of = partial(plan_film, timing=timing, film=film is not None, sheet=sheet is not None)
    try:
        plan_of(way_of(carrier.record.lineage))  # what cannot be shown is refused before models are looked for
    except InvalidRequestError as error:
        raise InvalidRequestError(f"{arguments.file}: {error}") from error
    work = _work_of(options, arguments, carrier, plan_of)
    plan, settings = work.plan, work.target.settings
    size = film_size(settings.width, settings.height, arguments.width or 0)
    known = {index: partial(read_known, path) for index, path in work.known.items()}
    output = FilmOutput(plan, size, film=film, sheet=sheet, words=arguments.words, known=known, replace=arguments.force)
    try:
        for notice in dict.fromkeys(filter(None, (carrier.notice, *work.notices))):
            say(f"{arguments.file}: {notice}")
        if work.missing:
            _render(options, arguments, work, renderer, output)
        paths = output.write()
    except KeyboardInterrupt as error:
        raise RenderCancelled("interrupted: nothing was written") from error
    finally:
        output.close()
    _print(Output(json_lines=arguments.json), plan, len(work.missing), paths, has_sheet=sheet is not None)
    return ExitCode.OK


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """What has to be rendered.

    Attributes:
        plan: The plan.
        record: The record of the picture.
        target: What renders the picture at the end of the way.
        targets: What renders the pictures, by the number of edits before them.
        known: The files of pictures of the plan that need not be rendered, by the index in the plan.
        notices: What has to be said before, as sentences.
    """

    plan: FilmPlan
    record: LatentRecord
    target: Target
    targets: Mapping[int, Target]
    known: Mapping[int, Path]
    notices: tuple[str, ...]

    @property
    def missing(self) -> tuple[int, ...]:
        """The indices of the pictures to be rendered, in the order of the way."""
        return tuple(index for index in range(len(self.plan.pictures)) if index not in self.known)

    def edits(self, index: int) -> int:
        """Return the number of edits before a picture of the plan."""
        return self.plan.stop_of(index).edits


def _files(arguments: Arguments) -> tuple[Path | None, Path | None]:
    """Return the files to write; InvalidRequestError or UnwritableFileError when they cannot be."""
    film, sheet = arguments.out, arguments.sheet
    if film is None and sheet is None and str(arguments.file) == STANDARD_INPUT:
        raise InvalidRequestError("a picture from standard input has no name: add --out or --sheet")
    if film is None and sheet is None:
        film = arguments.file.with_name(f"{arguments.file.stem}-way.webp")
    files = [path for path in (film, sheet) if path is not None]
    if len({path.absolute() for path in files}) < len(files):
        raise InvalidRequestError(f"--out and --sheet are one file, {film}: choose two")
    refuse_overwriting(files, arguments.force)
    for path in files:
        if path.absolute() == arguments.file.absolute():
            raise InvalidRequestError(f"{path}: this is the picture itself; choose a different file")
        check_writable(path)
    return film, sheet


def _work_of(options: Options, arguments: Arguments, carrier: Carrier, plan_of: Callable[[Way], FilmPlan]) -> _Work:
    """Resolve the models and find what is on disk; ModelError, InvalidRequestError.

    An ancestor that cannot be rendered, because its model is not on this machine or the file says nonsense about it, is
    shown if it is on disk, else it is left out.
    """
    record = carrier.record
    whole = way_of(record.lineage)
    tell = teller(arguments.quiet)
    last = target_for_record(options, record, tell)
    targets, problems = {whole.stops[-1].edits: last}, []
    settings = {whole.stops[-1].edits: record.settings} if last.is_as_recorded else {}
    firsts = {edits: next(stops).rounds for edits, stops in groupby(whole.stops, key=lambda stop: stop.edits)}
    known_settings = settings_along(record, set(firsts.values()))
    with remembered_lookups():
        for edits, rounds in firsts.items():
            if edits in targets:
                continue
            ancestor = replace(record, metadata=replace(record.metadata, settings=known_settings[rounds]))
            try:
                targets[edits] = target_for_record(options, ancestor, tell)
            except (ModelError, InvalidRequestError) as error:
                problems.append(str(error))
            if edits not in targets or targets[edits].is_as_recorded:
                settings[edits] = ancestor.settings
    files = known_files(record, arguments.file, whole, settings)
    files = {index: path for index, path in files.items() if is_whole(path)}
    way = whole.within(targets, files)
    if left_out := len(whole.stops) - len(way.stops):
        sentence = f"left out {left_out} of the {len(whole.stops)} pictures of the way: {_listed(problems)}"
        if len(way.stops) < 2:
            raise InvalidRequestError(f"{plain(str(arguments.file))}: there is no way to show: {sentence}")
        problems = [sentence]
    plan = plan_of(way)
    by_rounds = {whole.stops[index].rounds: path for index, path in files.items()}
    known = {
        index: by_rounds[way.stops[picture.stop].rounds]
        for index, picture in enumerate(plan.pictures)
        if picture.is_stop and way.stops[picture.stop].rounds in by_rounds
    }
    notices = (*(target.notice for target in targets.values()), *(problems if left_out else ()))
    return _Work(plan=plan, record=record, target=last, targets=targets, known=known, notices=notices)


def _listed(problems: list[str]) -> str:
    """Return the first different ones of many sentences."""
    different = list(dict.fromkeys(problems))
    hidden = len(different) - _MAX_PROBLEMS
    return "; ".join(different[:_MAX_PROBLEMS]) + (f"; and {hidden} more such reasons" if hidden > 0 else "")


def _render(options: Options, arguments: Arguments, work: _Work, renderer: Renderer, output: FilmOutput) -> None:
    """Render what is missing, one part of the way after the other: the pictures of a part share their settings."""
    numbers = count(1)
    slot = (1, 0) if options.strict else (0, 0)
    with Rendering(renderer, pictures=len(work.missing), quiet=arguments.quiet) as rendering:
        loaded: tuple[object, ...] = ()
        for edits, indices in groupby(work.missing, key=work.edits):
            target = work.targets[edits]
            if loaded != target.load.load_key:
                rendering.load(target)
                loaded = target.load.load_key
            tasks = tuple(
                PictureTask(index=each, lineage=work.plan.pictures[each].lineage, slot=slot) for each in indices
            )
            job = RenderJob(
                job=next(numbers), tasks=tasks, settings=target.settings, root_tensor=work.record.root_tensor
            )
            for event in rendering.pictures(job):
                output.take(event.index, event.picture)


def _print(output: Output, plan: FilmPlan, rendered: int, written: tuple[Path, ...], *, has_sheet: bool) -> None:
    for path in written:
        if not output.json_lines:
            output.line(str(path))
            continue
        shown: dict[str, Json] = {"kind": "sheet", "shown": len(plan.cells)}
        if path != written[-1] or not has_sheet:
            shown = {"kind": "film", "frames": len(plan.frames), "seconds": round(plan.seconds, 3)}
        output.entries({"path": str(path), "ancestors": len(plan.way.stops), "rendered": rendered, **shown})
