"""`warmer vary`: make candidates of a picture, each one round further, also with other words."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, replace
from pathlib import Path

from engine.edit import edited_picture
from engine.edit_noise import noise_notice
from engine.errors import InvalidRequestError
from engine.options import Options
from engine.records import carrier_of
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.search.axis import Axis, along, last_axis, last_scale
from engine.search.bands import Bands, factors_of
from engine.search.regions import region_asked_for
from latentpng.errors import ExitCode
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
    count,
    fraction,
    whole_number,
)
from tui.commands.output import Output, refuse_overwriting, save, say, teller
from tui.commands.rendering import JOB, Rendering


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments(OutputArguments):
    """What only `warmer vary` is asked for.

    Attributes:
        file: The picture to vary.
        out: The folder for the candidates.
        count: The number of candidates in the round.
        mark: The indices, from 0, of the candidates whose blend is the only picture to render; () to render every
            candidate.
    """

    file: Path
    out: Path
    count: int = 8
    mark: tuple[int, ...] = ()


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
    parser.add_argument(
        "--mark",
        type=int,
        nargs="+",
        metavar="I",
        help="render only the blend of these candidates, counted from 0; needs --seed, the seed of their round",
    )
    parser.add_argument("--seed", type=whole_number, metavar="N", help="seed of the round (default: random)")
    add_bands_option(parser, "tilt")
    add_region_option(parser)
    add_axis_option(parser)
    add_out_option(parser, "DIR", "the folder for the candidates", required=True)
    add_edit_options(parser)


def run(options: Options, arguments: Arguments, renderer: Renderer) -> int:
    """Render and save the candidates; the path of each is printed as soon as it is on disk."""
    carrier = carrier_of(arguments.file)
    record = carrier.record
    picture = edited_picture(options, record, teller(arguments.quiet))
    options = replace(options, seed=options.seed_or_random() if not arguments.mark else options.seed)
    scale = options.scale or last_scale(record.lineage, picture.target.defaults.scale)
    shape, axes = record.tensor.shape, record.axes
    lineages = _lineages(options, arguments, picture.lineage, scale, shape, axes)
    paths = [arguments.out / _name(arguments.file.stem, lineage) for lineage in lineages]
    refuse_overwriting(paths, arguments.force)

    if carrier.notice:
        say(f"{arguments.file}: {carrier.notice}")
    if picture.target.notice:
        say(picture.target.notice)
    output = Output(json_lines=arguments.json)
    with Rendering(renderer, pictures=len(lineages), quiet=arguments.quiet) as rendering:
        ready = rendering.load(picture.target)
        if notice := noise_notice(record, ready):
            say(f"{arguments.file}: {notice}")
        if (ready.noise_shape, ready.noise_axes) != (shape, axes):  # at a different size
            lineages = _lineages(options, arguments, picture.lineage, scale, ready.noise_shape, ready.noise_axes)
        tasks = tuple(PictureTask(index=index, lineage=lineage) for index, lineage in enumerate(lineages))
        job = RenderJob(job=JOB, tasks=tasks, settings=picture.target.settings, root_tensor=record.root_tensor)
        for event in rendering.pictures(job):
            save(paths[event.index], event)
            round_ = lineages[event.index].rounds[-1]
            region: dict[str, Json] = {"region": round_.region} if round_.region else {}
            output.picture(paths[event.index], event, marks=list(round_.marks), **region)
    return ExitCode.OK


def _lineages(
    options: Options, arguments: Arguments, lineage: Lineage, scale: float, shape: tuple[int, ...], axes: str
) -> list[Lineage]:
    """Return the lineage of each picture; shape, axes: of the noise, which bands and the region have to fit."""
    if arguments.count > MAX_CANDIDATES:
        raise InvalidRequestError(f"--count {arguments.count}: a round has at most {MAX_CANDIDATES} candidates")
    if arguments.mark and options.seed is None:
        raise InvalidRequestError("--mark needs --seed, the seed of the round whose candidates were marked")
    bands = Bands(options.bands or Bands.TILT)
    chosen = [arguments.mark] if arguments.mark else [(mark,) for mark in range(arguments.count)]
    axis = Axis(options.axis or last_axis(lineage))
    if options.region and axis is Axis.PROMPT:
        raise InvalidRequestError("--region: only the prompt varies, and it has no regions; add --axis noise or both")
    round_ = Round(
        seed=options.seed_or_random(),
        of=arguments.count,
        scale=scale,
        bands=factors_of(bands, octaves(shape, axes)),
        region=region_asked_for(options.region, spatial_shape(shape, axes)),
    )
    round_ = along(round_, axis)
    return [lineage.child(replace(round_, marks=marks)) for marks in chosen]


def _name(stem: str, lineage: Lineage) -> str:
    """FILE-r3-0.png: the picture's name, its rounds, and its candidate (or the candidates that are blended)."""
    marks = "+".join(str(mark) for mark in lineage.rounds[-1].marks)
    origin = re.sub(r"-r\d+-[\d+]+$", "", stem)
    return f"{origin}-r{len(lineage.rounds)}-{marks}.png"
