"""`python -m engine.embedded.training.train`: make the embedded model, from drawn pictures to a pipeline folder.

Every stage leaves its result in the run's folder and is not done twice; a stage that is stopped goes on from its last
checkpoint.  Nothing is fetched: the data is drawn.
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
    """Run the stages; 0 when all are done, 2 for wrong usage, 130 when interrupted."""
    given = _parser().parse_args(argv)
    _quiet()
    for start in (given.start, given.start_decoder):
        if start is not None and not (start / "model_index.json").is_file():
            sys.stderr.write(f"{start}: a pipeline folder needs model_index.json, found none\n")
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
        log("stopped; the same command goes on from here")
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
        log(f"{stage}: done before; remove {result} to do it again")
        return
    run_ranks(work, folder, processes, device)


def _quiet() -> None:
    """No notices and bars of libraries, here and in the processes of a stage."""
    for name in ("TRANSFORMERS_VERBOSITY", "DIFFUSERS_VERBOSITY"):
        os.environ.setdefault(name, "error")
    for library in (transformers.utils.logging, diffusers.utils.logging):
        library.set_verbosity_error()
        library.disable_progress_bar()


def _stage(text: str) -> str:
    if text not in STAGES:
        raise argparse.ArgumentTypeError(f"a stage is one of {', '.join(STAGES)}, found {text!r}")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine.embedded.training.train",
        description="Train the landscape model that ships with warmer, on drawn pictures.",
    )
    parser.add_argument("stages", nargs="*", type=_stage, metavar="STAGE", help=f"{', '.join(STAGES)} (all of them)")
    parser.add_argument(
        "--folder", type=Path, default=DEFAULT_FOLDER, help="keeps data, checkpoints and results (training-run)"
    )
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where the pipeline goes (FOLDER/model)")
    parser.add_argument("--plan", choices=list(PLANS), help="sizes and budgets (by the device)")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="what to compute on (cuda when there is one)")
    parser.add_argument("--processes", type=int, metavar="N", help="on a CPU, each of one thread (every core)")
    parser.add_argument("--start", type=Path, metavar="MODEL", help="go on from this pipeline's autoencoder")
    parser.add_argument(
        "--start-decoder", type=Path, metavar="MODEL", help="go on from its decoder; its latents must be the run's own"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
