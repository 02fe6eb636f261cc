"""A grid of 8 on a GPU, with random weights in the true shapes: the engine against a plain loop, in turns.

python -m tests.benchmarks.engine_gpu [--family sd15|sdxl|flux|all] [--steps N] [--repeats N] [--no-compile] [--tiny]

Both use the same weights in one process.  The plain loop has torch as it comes; before the engine's turns torch is told
what the engine tells it, and in turns without --compile the blocks are computed as they are.  Only the workspace of
cuBLAS, which is read once, is the engine's for both.  The weights take no main memory; Flux.1 takes 34 GB of the GPU's.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.diffusion.environment import prepare_environment
from tests.benchmarks.paired import Spread, Turn, ratio, seconds_of, surroundings

if TYPE_CHECKING:
    from tests.benchmarks.gpugrid import Bench
    from tests.benchmarks.gridtask import Seen


def report(bench: Bench, turns: dict[str, list[Turn]], previewed: list[Seen]) -> None:
    """The table, and what was promised.  The plain loop comes first, the best of ours last."""
    loop, best = next(iter(turns)), next(reversed(turns))
    print(f"{'':24s} {'seconds':28s} {'of the plain loop':26s} {'first turn':>11s} {'peak':>10s}")
    for name, own in turns.items():
        peak = f"{bench.peaks[name] / 2**30:.2f} GiB" if name in bench.peaks else "-"
        of_loop = str(ratio(own, turns[loop]))
        print(f"{name:24s} {seconds_of(own)!s:28s} {of_loop:26s} {bench.firsts[name]:9.2f} s {peak:>10s}")
    shares = Spread.of([seen.first_preview / seen.seconds for seen in previewed])
    print(f"{best}, against the plain loop (goal 0.5): {ratio(turns[best], turns[loop])}")
    print(f"first preview, in seconds: {Spread.of([seen.first_preview for seen in previewed])}")
    print(f"first preview, of the grid's time (goal 0.25): {shares}\n")


def measure(family: str, options: argparse.Namespace) -> None:
    """One family, and its weights gone again."""
    from tests.benchmarks.gpugrid import Bench, built

    pipe, settings, device = built(family, tiny=options.tiny)
    settings = replace(settings, num_inference_steps=options.steps or settings.num_inference_steps)
    bench = Bench(pipe, settings, device=device, compiled=options.compile, batch=options.batch)
    dtype = str(pipe.dtype).removeprefix("torch.")
    shapes = f"{settings.width} x {settings.height}, {settings.num_inference_steps} steps, {dtype}"
    print(f"{family}{', tiny' if options.tiny else ''}: {shapes}, {options.repeats} rounds; {surroundings()}")
    report(bench, *bench.measure(options.repeats))


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.engine_gpu")
    parser.add_argument("--family", choices=("sd15", "sdxl", "flux", "all"), default="all")
    parser.add_argument("--steps", type=int, default=0, help="default: what people take for the family")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch", type=int, default=0, help="pictures in a batch of ours; default: the usual ones")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--tiny", action="store_true", help="tiny models on the CPU: does all of it run?")
    return parser


def main(words: Sequence[str]) -> int:
    """The exit code; 2 where there is no GPU."""
    options = arguments().parse_args(words)
    prepare_environment(download=False)
    import torch

    if not options.tiny and not torch.cuda.is_available():
        print("there is no CUDA device here: --tiny runs it all with tiny models on the CPU", file=sys.stderr)
        return 2
    from engine.diffusion.load import silence_libraries
    from engine.diffusion.provenance import software_of
    from tests.benchmarks.gpugrid import CASES

    silence_libraries()
    print(", ".join(f"{name} {value}" for name, value in software_of("cpu" if options.tiny else "cuda").items()))
    for family in CASES if options.family == "all" else (options.family,):
        measure(family, options)
        gc.collect()
        torch.cuda.empty_cache()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
