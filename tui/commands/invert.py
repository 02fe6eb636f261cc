"""`warmer invert`: find noise that repeats a photograph, so that it can be varied like a picture of our own."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InvalidRequestError
from engine.invert import InversionChoices, Keep, PreparedPhoto, prepare_photo, refuse_guidance
from engine.options import Options
from engine.photos.fit import Fit, is_cut
from engine.photos.kinds import NAMED
from engine.photos.report import quality_words
from engine.records import Photograph, photograph_of
from engine.rendering.events import PhotoInverted, PictureRendered
from engine.rendering.renderer import Renderer
from engine.rendering.requests import InversionWay, PictureTask, RenderJob
from latentpng.errors import ExitCode
from latentpng.png.open import STANDARD_INPUT
from latentpng.record import JsonObject, LatentRecord, TensorRoot
from tui.arguments import OutputArguments, add_out_option, add_render_options
from tui.commands.output import Output, refuse_overwriting, save, say
from tui.commands.rendering import JOB, Rendering

SUFFIX = ".inverted.png"
_HINT = "it is inverted with an empty prompt; with --prompt and what it shows, variations stay nearer to it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments(OutputArguments):
    """What only `warmer invert` is asked for.

    Attributes:
        photo: The photograph.
        prompt: What it shows; None for what its metadata says.
        out: The file to write; None for one beside the photograph.
        way: The name of an `InversionWay`.
        keep: The name of a `Keep`.
        fit: The name of a `Fit`.
    """

    photo: Path
    prompt: str | None = None
    out: Path | None = None
    way: str = InversionWay.EXACT
    keep: str = Keep.ALL
    fit: str = Fit.CROP


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command line of `warmer invert`."""
    parser.description = (
        f"{parser.description} The noise that is found repeats the picture; it is not the noise that made it. "
        "It is found at guidance 1, whatever the model's own guidance is, because with more it cannot be varied. "
        "Schedulers that draw noise at every step cannot be inverted."
    )
    parser.add_argument(
        "photo", type=Path, metavar="PHOTO", help=f"a picture: {NAMED}; - is standard input, for PNG, JPEG and WebP"
    )
    parser.add_argument("--prompt", metavar="P", help="what the photograph shows (default: what its metadata says)")
    parser.add_argument(
        "--way",
        choices=[way.value for way in InversionWay],
        help="exact repeats the photograph best; free adds noise in the cleanest step, which repeats it less exactly, "
        "from noise nearer to that of a seed (default: exact)",
    )
    parser.add_argument(
        "--keep",
        choices=[keep.value for keep in Keep],
        help="what of the photograph stays: everything (all), its layout under fresh detail, or its detail in a fresh "
        "layout (default: all)",
    )
    parser.add_argument(
        "--fit",
        choices=[fit.value for fit in Fit],
        help="how it is fitted to the size: cut on two sides (crop), its edges drawn out (pad), distorted (stretch), "
        "or a size of its own shape with as many pixels (shape) (default: crop)",
    )
    add_out_option(parser, "FILE.png", f"the file to write (default: PHOTO's name with {SUFFIX}, beside it)")
    add_render_options(parser, fixed_guidance=True)


def run(options: Options, arguments: Arguments, renderer: Renderer) -> int:
    """Invert the photograph, and save what repeats it; the path is printed as soon as it is on disk."""
    refuse_guidance(options)
    out = _out(arguments)
    refuse_overwriting([out], arguments.force)
    photograph = photograph_of(arguments.photo)
    for note in (*photograph.photo.notes, _noise_note(photograph), _prompt_note(arguments, photograph)):
        if note:
            say(f"{arguments.photo}: {note}")
    choices = InversionChoices(
        prompt=photograph.prompt if arguments.prompt is None else arguments.prompt,
        way=InversionWay(arguments.way),
        keep=Keep(arguments.keep),
        fit=Fit(arguments.fit),
    )
    prepared = prepare_photo(options, photograph, choices)
    if is_cut(photograph.photo, (prepared.picture.width, prepared.picture.height), choices.fit):
        say(f"{arguments.photo}: two of its sides are cut off to fit {_size(prepared)}; --fit chooses otherwise")
    if prepared.target.notice:
        say(prepared.target.notice)
    inverted, event = _inverted(renderer, prepared, arguments.quiet)
    out = save(out, event, force=arguments.force)
    source = _source(inverted.record)
    warning = "; ".join(dict.fromkeys(filter(None, (inverted.warning, event.warning))))
    output = Output(json_lines=arguments.json)
    output.picture(out, event, source=source, seed=str(prepared.seed), warning=warning)
    say(f"{out}: {_said(prepared, source)}")
    if event is not inverted and inverted.warning:
        say(f"{out}: {inverted.warning}")
    return ExitCode.OK


def _inverted(
    renderer: Renderer, prepared: PreparedPhoto, quiet: bool
) -> tuple[PhotoInverted, PhotoInverted | PictureRendered]:
    """Return what was found, and the picture to save: the same, or a rendering with a part of it drawn anew."""
    with Rendering(renderer, pictures=0, quiet=quiet) as rendering:
        rendering.load(prepared.target)
        inverted = rendering.inverted(prepared.job(JOB))
        lineage = prepared.lineage(inverted.record)
        if not lineage.rounds:
            return inverted, inverted
        job = RenderJob(
            job=JOB + 1,
            tasks=(PictureTask(index=0, lineage=lineage),),
            settings=prepared.target.settings,
            root_tensor=inverted.record.root_tensor,
        )
        return inverted, rendering.picture(job)


def _out(arguments: Arguments) -> Path:
    photo, out = arguments.photo, arguments.out
    if out is None and str(photo) == STANDARD_INPUT:
        raise InvalidRequestError("a photograph from standard input has no name: name the file to write with --out")
    out = photo.parent / f"{photo.stem}{SUFFIX}" if out is None else out
    if out.suffix.lower() != ".png" or out.is_dir():
        raise InvalidRequestError(f"{out}: pictures are saved as PNG; name a .png file")
    return out


def _noise_note(photograph: Photograph) -> str:
    if not photograph.has_noise:
        return ""
    return "it carries its own noise, which repeats it exactly and need not be found: `warmer FILE` varies it as it is"


def _size(prepared: PreparedPhoto) -> str:
    return f"{prepared.picture.width} x {prepared.picture.height}"


def _prompt_note(arguments: Arguments, photograph: Photograph) -> str:
    """Return where the prompt comes from, if nobody typed it."""
    if arguments.prompt is not None:
        return ""
    if photograph.prompt:
        return f"it is inverted with the prompt in its metadata: {photograph.prompt}"
    return _HINT


def _source(record: LatentRecord) -> JsonObject:
    root = record.lineage.root
    return root.source if isinstance(root, TensorRoot) else {}


def _said(prepared: PreparedPhoto, source: JsonObject) -> str:
    """Return how well the noise repeats the photograph, and what was drawn anew."""
    words = quality_words(source)
    match prepared.choices.keep:
        case Keep.LAYOUT:
            return f"the layout of noise that {words}; its detail was drawn anew from seed {prepared.seed}"
        case Keep.DETAIL:
            return f"the detail of noise that {words}; its layout was drawn anew from seed {prepared.seed}"
        case Keep.ALL:
            return words
