"""`warmer render`: a picture's own noise rendered again, and the proof that it still gives the same pixels."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.conditions import compare_pixels, differing_conditions
from engine.errors import InvalidRequest, RenderProblem
from engine.events import ModelReady, PictureRendered
from engine.plan import PictureTask, RenderJob
from engine.renderer import Renderer
from latentpng.errors import PixelsDiffer
from latentpng.files import read_picture, read_record
from latentpng.record import Json, LatentRecord
from tui.arguments import add_model_options
from tui.options import target_for_record
from tui.scripts.running import JOB, Output, refuse_overwriting, rendered, save, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `warmer render`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a picture that carries its noise")
    parser.add_argument(
        "--check", action="store_true", help="compare with the file's own pixels; exit code 8 if they differ"
    )
    parser.add_argument("--round", type=int, metavar="N", help="its ancestor after N rounds; 0 is the root")
    parser.add_argument(
        "--out", type=Path, metavar="F", help="where to save (default: beside FILE; not at all with --check)"
    )
    add_model_options(parser)


def run(options: argparse.Namespace, renderer: Renderer) -> None:
    """Renders one picture, saves it, or compares it."""
    record = read_record(options.file)
    rounds = len(record.lineage.rounds)
    wanted = rounds if options.round is None else options.round
    lineage = record.lineage.ancestor(wanted)
    if options.check and wanted != rounds:
        raise InvalidRequest(f"--check compares the picture itself: round {rounds}, not round {wanted}")
    out = options.out or (None if options.check else _beside(options.file, wanted))
    if out is not None:
        refuse_overwriting([out], options.overwrite)
    target = target_for_record(options, record)

    def make_job(_: ModelReady) -> RenderJob:
        slot = _slot(record) if wanted == rounds else (1, 0)
        task = PictureTask(index=0, lineage=lineage, slot=slot)
        return RenderJob(job=JOB, tasks=(task,), settings=target.settings, root_tensor=record.root_tensor)

    event = next(iter(rendered(renderer, target, make_job, quiet=options.quiet)), None)
    if event is None:
        raise RenderProblem(f"{options.file}: the renderer gave no picture")
    output = Output(json_lines=options.json)
    if out is not None:
        save(out, event)
        output.picture(out, event)
    if options.check:
        _check(options, record, event, output)


def _check(options: argparse.Namespace, record: LatentRecord, event: PictureRendered, output: Output) -> None:
    width, height, rgb = read_picture(options.file)
    made = event.picture
    if (width, height) != (made.width, made.height):
        raise PixelsDiffer(f"{options.file}: {width}x{height} pixels, rendering gives {made.width}x{made.height}")
    apart = compare_pixels(rgb, made.rgb)
    differing = list(differing_conditions(record, event.record))
    if apart.largest and record.pixels == event.record.pixels:
        differing.append("the file was edited: rendering gives the pixels that it records")
    if options.json:
        conditions: list[Json] = [*differing]
        output.entries(
            {
                "path": str(options.file),
                "exact": not apart.largest,
                "largest": apart.largest,
                "mean": apart.mean,
                "differing": conditions,
            }
        )
    words = "; ".join(differing)
    if not apart.largest:
        say(f"{options.file}: bit-exact" + (f", although {words}" if words else ""))
        return
    raise PixelsDiffer(
        f"{options.file}: differs by at most {apart.largest} of 255, {apart.mean:.4f} on average; "
        f"{words or 'every recorded condition is the same'}"
    )


def _slot(record: LatentRecord) -> tuple[int, int]:
    """The recorded place in the batch, (0, 0) when the file does not say."""
    match record.settings.get("slot"):
        case [int(size), int(place)] if 0 <= place < size <= 64:
            return size, place
        case _:
            return 0, 0


def _beside(file: Path, rounds: int) -> Path:
    return file.with_name(f"{file.stem}-round{rounds}.png")
