"""`warmer new`: make new pictures from a prompt."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from engine.errors import InvalidRequestError
from engine.options import Options
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.search.seeds import step_seed_of
from engine.target import target_for_prompt
from latentpng.errors import ExitCode
from latentpng.record import Lineage, SeedRoot
from latentpng.rules import MAX_SEED
from tui.arguments import OutputArguments, add_out_option, add_render_options
from tui.commands.output import Output, refuse_overwriting
from tui.commands.rendering import JOB, rendered
from tui.commands.saving import Saving
from tui.option_values import count

OTHER_FORMATS = (".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif")


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments(OutputArguments):
    """What only `warmer new` is asked for.

    Attributes:
        prompt: What the pictures show.
        out: A folder, or one .png file.
        count: The number of pictures.
    """

    prompt: str
    out: Path
    count: int = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command line of `warmer new`."""
    parser.add_argument("--prompt", required=True, metavar="P", help="what the pictures show")
    parser.add_argument(
        "--count", type=count, metavar="K", help="number of pictures, from the seeds N, N+1, ... (default: 1)"
    )
    add_out_option(parser, "DIR|FILE", "a folder, or one .png file", required=True)
    add_render_options(parser)


def run(options: Options, arguments: Arguments, renderer: Renderer) -> int:
    """Render and save the pictures; the path of each is printed as soon as it is on disk."""
    target = target_for_prompt(options, arguments.prompt)
    seed = options.seed_or_random()
    if seed + arguments.count - 1 > MAX_SEED:
        raise InvalidRequestError(f"--seed {seed} with --count {arguments.count} exceeds the largest seed, 2^64 - 1")
    seeds = range(seed, seed + arguments.count)
    paths = _paths(arguments.out, list(seeds))
    refuse_overwriting(paths, arguments.force)
    target = target.with_settings(replace(target.settings, step_seed=step_seed_of(seed)))

    lineages = [Lineage(root=SeedRoot(seed=each)) for each in seeds]
    tasks = tuple(PictureTask(index=index, lineage=lineage) for index, lineage in enumerate(lineages))
    job = RenderJob(job=JOB, tasks=tasks, settings=target.settings)
    output = Output(json_lines=arguments.json)
    with Saving(force=arguments.force) as saving:
        for event in rendered(renderer, target, job, quiet=arguments.quiet):
            seed_words = str(seeds[event.index])
            saving.save(paths[event.index], event, partial(output.picture, event=event, seed=seed_words))
    return ExitCode.OK


def _paths(out: Path, seeds: list[int]) -> list[Path]:
    if out.suffix.lower() in OTHER_FORMATS and not out.is_dir():
        raise InvalidRequestError(f"{out}: pictures are saved as PNG; name a .png file or a folder")
    if out.suffix.lower() != ".png" or out.is_dir():
        return [out / f"{seed}.png" for seed in seeds]
    if len(seeds) > 1:
        raise InvalidRequestError(f"{out}: one file cannot hold {len(seeds)} pictures; name a folder")
    return [out]
