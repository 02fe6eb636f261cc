"""`warmer vary`: make candidates of a picture, each one round further, also with other words."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from engine.edit import check_room, edited_picture
from engine.edit_noise import noise_notice
from engine.errors import InvalidRequestError
from engine.options import Options
from engine.records import carrier_of
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.search.answers import RegionMarks
from engine.search.axis import Axis, along, last_axis, last_scale
from engine.search.bands import Bands, factors_of
from engine.search.region_rounds import region_rounds
from engine.search.regions import NAMED, SHORT_NAMES, WHOLE, coverage, intersection, region_asked_for
from latentpng.errors import ExitCode
from latentpng.identity import picture_keys
from latentpng.record import Json, Lineage, Round
from latentpng.rules import MAX_CANDIDATES
from latentpng.shapes import octaves, spatial_shape
from tui.arguments import (
    CARRIERS,
    OutputArguments,
    add_axis_option,
    add_bands_option,
    add_edit_options,
    add_out_option,
    add_region_option,
)
from tui.commands.output import Output, refuse_overwriting, say, teller
from tui.commands.rendering import JOB, Rendering
from tui.commands.saving import Saving
from tui.option_values import count, fraction, whole_number

_NAMES = {WHOLE: "", **SHORT_NAMES}
"""What the regions with a name add to the name of a file."""
_MAX_MARKS = 40
"""The characters of a file's name that tell the candidates."""
_ADDED = re.compile(rf"-r\d+-((({'|'.join(NAMED)})?\d+(\+|$))+|regions-[0-9a-f]{{8}}$)$")
"""What this command adds to the name of a file: FILE-r3-0, FILE-r4-1+5 of a blend, FILE-r4-tl3+br5 of a patchwork."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments(OutputArguments):
    """What only `warmer vary` is asked for.

    Attributes:
        file: The picture to vary.
        out: The folder for the candidates.
        count: The number of candidates in the round.
        mark: The indices, from 0, of the candidates whose blend is the only picture to render; () to render every
            candidate.
        mark_region: The parts of the patchwork that is the only picture to render, each a region as it was typed and
            the indices of its candidates; () for none.
    """

    file: Path
    out: Path
    count: int = 8
    mark: tuple[int, ...] = ()
    mark_region: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @property
    def is_marked(self) -> bool:
        """Whether candidates were picked, so that the picture that they lead to is rendered alone."""
        return bool(self.mark or self.mark_region)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command line of `warmer vary`."""
    parser.add_argument("file", type=Path, metavar="FILE", help=f"the picture to vary, {CARRIERS}")
    parser.add_argument(
        "--scale",
        type=fraction,
        metavar="S",
        help="how far the candidates are from the picture, 0 to 1 (default: as in its last round, else the model's)",
    )
    parser.add_argument("--count", type=count, metavar="K", help="number of candidates in the round (default: 8)")
    marks = parser.add_mutually_exclusive_group()
    marks.add_argument(
        "--mark",
        type=int,
        nargs="+",
        metavar="I",
        help="render only the blend of these candidates, counted from 0; needs --seed, the seed of their round",
    )
    marks.add_argument(
        "--mark-region",
        type=region_marks,
        action="append",
        metavar="REGION:I",
        help="render only the patchwork with these candidates in their regions, one for each --mark-region, such as "
        "tl:3 (top left quarter), left:0, 3x3:1+2:4 or 0,0,50,40:3+5 (a blend in a box, in percent); needs --seed",
    )
    parser.add_argument("--seed", type=whole_number, metavar="N", help="seed of the round (default: random)")
    add_bands_option(parser)
    add_region_option(parser)
    add_axis_option(parser)
    add_out_option(parser, "DIR", "the folder for the candidates", required=True)
    add_edit_options(parser)


def run(options: Options, arguments: Arguments, renderer: Renderer) -> int:
    """Render and save the candidates; the path of each is printed as soon as it is on disk."""
    carrier = carrier_of(arguments.file)
    record = carrier.record
    picture = edited_picture(options, record, teller(arguments.quiet))
    options = replace(options, seed=options.seed if arguments.is_marked else options.seed_or_random())
    scale = options.scale or last_scale(record.lineage, picture.target.defaults.scale)
    noise = (record.tensor.shape, record.axes)
    lineages = _lineages(options, arguments, picture.lineage, scale, *noise)
    before = len(picture.lineage.rounds)
    names = [_patchwork_marks(lineage, before) if arguments.mark_region else _marks(lineage) for lineage in lineages]
    paths = [
        arguments.out / f"{_ADDED.sub('', arguments.file.stem)}-r{len(lineage.rounds)}-{marks}.png"
        for lineage, marks in zip(lineages, names, strict=True)
    ]
    refuse_overwriting(paths, arguments.force)

    if carrier.notice:
        say(f"{arguments.file}: {carrier.notice}")
    if picture.target.notice:
        say(picture.target.notice)
    output = Output(json_lines=arguments.json)
    with (
        Saving(force=arguments.force) as saving,
        Rendering(renderer, pictures=len(lineages), quiet=arguments.quiet) as rendering,
    ):
        ready = rendering.load(picture.target)
        if notice := noise_notice(record, ready):
            say(f"{arguments.file}: {notice}")
        if (ready.noise_shape, ready.noise_axes) != noise:  # at a different size
            lineages = _lineages(options, arguments, picture.lineage, scale, ready.noise_shape, ready.noise_axes)
        tasks = tuple(PictureTask(index=index, lineage=lineage) for index, lineage in enumerate(lineages))
        job = RenderJob(job=JOB, tasks=tasks, settings=picture.target.settings, root_tensor=record.root_tensor)
        for event in rendering.pictures(job):
            step = lineages[event.index].rounds[before:]
            regions: list[Json] = [{"region": part.region, "marks": list(part.marks)} for part in step]
            more = {"regions": regions} if arguments.mark_region else _marked(step[-1])
            saving.save(paths[event.index], event, partial(output.picture, event=event, **more))
    return ExitCode.OK


def _marks(lineage: Lineage) -> str:
    """Return what names a picture among those of its round: its candidate, or the candidates that are blended."""
    return "+".join(map(str, lineage.rounds[-1].marks))


def _patchwork_marks(lineage: Lineage, before: int) -> str:
    """Return what names a patchwork: "tl3+br5", or a code where a region has no name; before: the rounds before it."""
    step = lineage.rounds[before:]
    marks = "+".join(f"{_NAMES.get(round_.region, '?')}{'+'.join(map(str, round_.marks))}" for round_ in step)
    return f"regions-{picture_keys(lineage)[-1].hex()[:8]}" if "?" in marks or len(marks) > _MAX_MARKS else marks


def _marked(round_: Round) -> dict[str, Json]:
    """Return what a line of JSON says of a round: its marks, and its region if it has one."""
    region: dict[str, Json] = {"region": round_.region} if round_.region else {}
    return {"marks": list(round_.marks)} | region


def region_marks(text: str) -> tuple[str, tuple[int, ...]]:
    """Read a region and its candidates: "tl:3", or "tl:3+5" for a blend.

    Raises:
        ArgumentTypeError: It is neither.
    """
    region, colon, marks = text.rpartition(":")
    if not colon or not region or not re.fullmatch(r"[0-9]{1,4}(\+[0-9]{1,4})*", marks):
        raise argparse.ArgumentTypeError(f"a region and its candidates needed, such as tl:3 or tl:3+5, found {text!r}")
    return region, tuple(map(int, marks.split("+")))


def _lineages(
    options: Options, arguments: Arguments, lineage: Lineage, scale: float, shape: tuple[int, ...], axes: str
) -> list[Lineage]:
    if arguments.count > MAX_CANDIDATES:
        raise InvalidRequestError(f"--count {arguments.count}: a round has at most {MAX_CANDIDATES} candidates")
    if arguments.is_marked and options.seed is None:
        option = "--mark" if arguments.mark else "--mark-region"
        raise InvalidRequestError(f"{option} needs --seed, the seed of the round whose candidates were marked")
    bands = Bands(options.bands or Bands.ALL)
    round_ = Round(
        seed=options.seed_or_random(),
        of=arguments.count,
        scale=scale,
        bands=factors_of(bands, octaves(shape, axes)),
        region=region_asked_for(options.region, spatial_shape(shape, axes)),
    )
    axis = Axis(options.axis or last_axis(lineage))
    if options.region and axis is Axis.PROMPT:
        raise InvalidRequestError("--region: only the prompt varies, and it has no regions; add --axis noise or both")
    round_ = along(round_, axis)
    _check_marks(arguments)
    check_room(lineage, (round_,))
    if arguments.mark_region:
        return [_patchwork(lineage, round_, arguments, shape, axes)]
    chosen = [arguments.mark] if arguments.mark else [(mark,) for mark in range(arguments.count)]
    return [lineage.child(replace(round_, marks=marks)) for marks in chosen]


def _check_marks(arguments: Arguments) -> None:
    """Raise InvalidRequestError if a mark is no candidate of the round."""
    marks = [("--mark", arguments.mark), *((f"--mark-region {text}", each) for text, each in arguments.mark_region)]
    for option, each in marks:
        if wrong := [mark for mark in each if not 0 <= mark < arguments.count]:
            raise InvalidRequestError(
                f"{option}: candidate {wrong[0]} is not in this round; with --count {arguments.count} they are "
                f"0 to {arguments.count - 1}"
            )


def _patchwork(lineage: Lineage, round_: Round, arguments: Arguments, shape: tuple[int, ...], axes: str) -> Lineage:
    sides = spatial_shape(shape, axes)
    parts = [RegionMarks(region=region_asked_for(text, sides), marks=marks) for text, marks in arguments.mark_region]
    for at, ((text, _), part) in enumerate(zip(arguments.mark_region, parts, strict=True)):
        if not coverage(intersection(round_.region, part.region, sides)):
            raise InvalidRequestError(f"--mark-region {text}: nothing of this region lies in --region")
        if part.region in (each.region for each in parts[:at]):
            raise InvalidRequestError(
                f"--mark-region {text}: this region is named twice; to blend candidates there, write {text}:3+5"
            )
    rounds = region_rounds(round_, parts, sides)
    check_room(lineage, rounds)
    return replace(lineage, rounds=(*lineage.rounds, *rounds))
