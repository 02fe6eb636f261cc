"""`warmer vary`: candidates of a picture, each with one round more in its lineage."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path

from engine.errors import InvalidRequestError
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.search.axis import Axis, along, last_axis
from engine.search.session import Bands, factors_of, scale_of
from latentpng.noise.replay import octaves
from latentpng.png.files import read_record
from latentpng.record import LatentRecord, Lineage, Round
from latentpng.rules import MAX_CANDIDATES
from tui.arguments import (
    add_axis_option,
    add_bands_option,
    add_model_options,
    add_scheduler_option,
    count,
    fraction,
    whole_number,
)
from tui.commands.run import JOB, Output, refuse_overwriting, rendered, save
from tui.options import draw_seed, target_for_record


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `warmer vary`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a picture that carries its noise")
    parser.add_argument("--scale", type=fraction, metavar="S", help="how far candidates are from it, 0 to 1")
    parser.add_argument("--count", type=count, default=8, metavar="K", help="candidates in the round (default: 8)")
    parser.add_argument(
        "--mark",
        type=int,
        nargs="+",
        metavar="I",
        help="render only these candidates' blend, counted from 0 (with --seed)",
    )
    parser.add_argument("--seed", type=whole_number, metavar="N", help="of the round; drawn by chance when left out")
    add_bands_option(parser)
    add_scheduler_option(parser)
    add_axis_option(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder for the new pictures")
    add_model_options(parser)


def run(options: argparse.Namespace, renderer: Renderer) -> int:
    """Renders and saves; a picture's path is printed the moment it is on disk."""
    record = read_record(options.file)
    target = target_for_record(options, record)
    lineages = _lineages(options, record, target.defaults.scale)
    paths = [options.out / _name(options.file.stem, lineage) for lineage in lineages]
    refuse_overwriting(paths, options.overwrite)

    tasks = tuple(PictureTask(index=index, lineage=lineage) for index, lineage in enumerate(lineages))
    job = RenderJob(job=JOB, tasks=tasks, settings=target.settings, root_tensor=record.root_tensor)
    output = Output(json_lines=options.json)
    for event in rendered(renderer, target, job, quiet=options.quiet):
        save(paths[event.index], event)
        output.picture(paths[event.index], event, marks=list(lineages[event.index].rounds[-1].marks))
    return 0


def _lineages(options: argparse.Namespace, record: LatentRecord, default_scale: float) -> list[Lineage]:
    if options.count > MAX_CANDIDATES:
        raise InvalidRequestError(f"--count {options.count}: a round has at most {MAX_CANDIDATES} candidates")
    if options.mark and options.seed is None:
        raise InvalidRequestError("--mark needs --seed: the seed of the round whose candidates were marked")
    bands = Bands(options.bands or Bands.TILT)
    levels = octaves(record.tensor.shape, record.axes)
    seed = draw_seed() if options.seed is None else options.seed
    scale = scale_of(record.lineage, default_scale) if options.scale is None else options.scale
    chosen = [tuple(options.mark)] if options.mark else [(mark,) for mark in range(options.count)]
    axis = Axis(options.axis or last_axis(record.lineage))
    round_ = along(Round(seed=seed, of=options.count, scale=scale, bands=factors_of(bands, levels)), axis)
    return [record.lineage.child(replace(round_, marks=marks)) for marks in chosen]


def _name(stem: str, lineage: Lineage) -> str:
    """FILE-r3-0.png: the picture's name, its rounds, its candidate (or candidates, blended)."""
    marks = "+".join(str(mark) for mark in lineage.rounds[-1].marks)
    origin = re.sub(r"-r\d+-[\d+]+$", "", stem)
    return f"{origin}-r{len(lineage.rounds)}-{marks}.png"
