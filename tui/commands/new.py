"""`warmer new`: fresh pictures from a prompt."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from engine.errors import InvalidRequestError
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.search.session import step_seed_of
from latentpng.record import Lineage, SeedRoot
from latentpng.rules import MAX_SEED
from tui.arguments import add_render_options, count
from tui.commands.run import JOB, Output, refuse_overwriting, rendered, save
from tui.options import draw_seed, target_for_prompt

OTHER_PICTURES = (".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `warmer new`."""
    parser.add_argument("--prompt", required=True, metavar="P", help="what the picture shows")
    parser.add_argument(
        "--count", type=count, default=1, metavar="K", help="pictures, of seeds N, N+1, ... (default: 1)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR|FILE", help="a folder, or one .png file")
    add_render_options(parser)


def run(options: argparse.Namespace, renderer: Renderer) -> int:
    """Renders and saves; a picture's path is printed the moment it is on disk."""
    target = target_for_prompt(options, options.prompt)
    seed = draw_seed() if options.seed is None else options.seed
    if seed + options.count - 1 > MAX_SEED:
        raise InvalidRequestError(f"--seed {seed} with --count {options.count} goes beyond 2^64 - 1")
    seeds = range(seed, seed + options.count)
    paths = _paths(options.out, list(seeds))
    refuse_overwriting(paths, options.overwrite)
    target = replace(target, settings=replace(target.settings, step_seed=step_seed_of(seed)))

    lineages = [Lineage(root=SeedRoot(seed=each)) for each in seeds]
    tasks = tuple(PictureTask(index=index, lineage=lineage) for index, lineage in enumerate(lineages))
    job = RenderJob(job=JOB, tasks=tasks, settings=target.settings)
    output = Output(json_lines=options.json)
    for event in rendered(renderer, target, job, quiet=options.quiet):
        save(paths[event.index], event)
        output.picture(paths[event.index], event, seed=str(seeds[event.index]))
    return 0


def _paths(out: Path, seeds: list[int]) -> list[Path]:
    if out.suffix.lower() in OTHER_PICTURES and not out.is_dir():
        raise InvalidRequestError(f"{out}: pictures are PNG files: name one, or a folder")
    if out.suffix.lower() != ".png" or out.is_dir():
        return [out / f"{seed}.png" for seed in seeds]
    if len(seeds) > 1:
        raise InvalidRequestError(f"{out}: {len(seeds)} pictures need a folder, this names one file")
    return [out]
