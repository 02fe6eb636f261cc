"""`python -m engine.embedded.training.train`: train the embedded model, from drawn pictures to a pipeline folder.

Every stage writes its result into the folder of the run, and is skipped if that is there; a stage that was stopped
continues from its last checkpoint.  Nothing is downloaded: the data is drawn.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import diffusers
import torch
import transformers

from engine.embedded.training.autoencoder import TrainAutoencoder
from engine.embedded.training.classifier_training import TrainClassifier
from engine.embedded.training.data import render_pictures
from engine.embedded.training.decoder import TrainDecoder
from engine.embedded.training.export import export
from engine.embedded.training.log import log
from engine.embedded.training.ranks import Rank, run_ranks
from engine.embedded.training.recipes import DEFAULT_FOLDER, PLANS, STAGES, Plan
from engine.embedded.training.text_encoder import TrainTextEncoder, train_tokenizer
from engine.embedded.training.unet import EncodePictures, TrainUnet

_USAGE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stages.

    Args:
        argv: The arguments; by default those of the process.

    Returns:
        The exit code: 0 when all stages are done, 2 for wrong usage, 130 when interrupted.
    """
    given = _parser().parse_args(argv)
    _quiet()
    for start in (given.start, given.start_decoder):
        if start is not None and not (start / "model_index.json").is_file():
            sys.stderr.write(f"{start}: this is not a pipeline folder, it has no model_index.json\n")
            return _USAGE
    device = given.device or ("cuda" if torch.cuda.is_available() else "cpu")
    plan = PLANS[given.plan or ("gpu" if device == "cuda" else "cpu")]
    processes = given.processes or (1 if device == "cuda" else os.cpu_count() or 1)
    given.folder.mkdir(parents=True, exist_ok=True)
    try:
        for stage in given.stages or STAGES:
            log(f"== {stage}")
            _run(stage, given, plan, processes, device)
    except KeyboardInterrupt:
        log("interrupted; the same command continues from here")
        return 130
    return 0


def _run(stage: str, given: argparse.Namespace, plan: Plan, processes: int, device: str) -> None:
    folder: Path = given.folder
    if stage == "pictures":
        render_pictures(folder, plan.pictures, os.cpu_count() or 1)
        return
    if stage == "export":
        export(folder, given.output or folder / "model")
        return
    if stage == "words":
        train_tokenizer(folder)
    works: dict[str, tuple[Path, Callable[[Rank], None]]] = {
        "classifier": (
            folder / "classifier.safetensors",
            TrainClassifier(folder=folder, recipe=plan.classifier),
        ),
        "judge": (
            folder / "judge.safetensors",
            TrainClassifier(folder=folder, recipe=plan.classifier, name="judge"),
        ),
        "autoencoder": (
            folder / "vae" / "config.json",
            TrainAutoencoder(folder=folder, recipe=plan.autoencoder, start=given.start and given.start / "vae"),
        ),
        "words": (
            folder / "text_encoder" / "config.json",
            TrainTextEncoder(folder=folder, recipe=plan.text),
        ),
        "latents": (folder / "latents.done", EncodePictures(folder=folder)),
        "unet": (
            folder / "trained" / "unet" / "config.json",
            TrainUnet(folder=folder, recipe=plan.unet),
        ),
        "decoder": (
            folder / "trained" / "vae" / "config.json",
            TrainDecoder(folder=folder, recipe=plan.decoder, start=given.start_decoder and given.start_decoder / "vae"),
        ),
    }
    result, work = works[stage]
    if result.exists():
        log(f"{stage}: already done; delete {result} to run it again")
        return
    run_ranks(work, folder, processes, device)


def _quiet() -> None:
    """Switch off notices and progress bars of libraries, here and in the processes of a stage."""
    for name in ("TRANSFORMERS_VERBOSITY", "DIFFUSERS_VERBOSITY"):
        os.environ.setdefault(name, "error")
    for library in (transformers.utils.logging, diffusers.utils.logging):
        library.set_verbosity_error()
        library.disable_progress_bar()


def _stage(text: str) -> str:
    if text not in STAGES:
        raise argparse.ArgumentTypeError(f"a stage must be one of {', '.join(STAGES)}, found {text!r}")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine.embedded.training.train",
        description="Train the landscape model that ships with warmer, on drawn pictures.",
    )
    parser.add_argument(
        "stages", nargs="*", type=_stage, metavar="STAGE", help=f"stages to run: {', '.join(STAGES)} (default: all)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=DEFAULT_FOLDER,
        help="the folder of the run, for data, checkpoints and results (default: training-run)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="where to write the pipeline (default: model in the folder of the run)",
    )
    parser.add_argument("--plan", choices=list(PLANS), help="sizes and budgets (default: by the device)")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="what to compute on (default: cuda if there is one)")
    parser.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help="the number of processes, of one thread each (default: one for each core)",
    )
    parser.add_argument("--start", type=Path, metavar="MODEL", help="continue from the autoencoder of this pipeline")
    parser.add_argument(
        "--start-decoder",
        type=Path,
        metavar="MODEL",
        help="continue from the decoder of this pipeline, which must have the same latents",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
