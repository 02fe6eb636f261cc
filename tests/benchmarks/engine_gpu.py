"""Time a grid of 8 on a GPU for SD 1.5, SDXL and Flux.1, in paired rounds against a plain loop of 8 diffusers calls.

    python -m tests.benchmarks.engine_gpu [--family sd15|sdxl|flux|all] [--steps N] [--repeats N] [--no-compile]
    python -m tests.benchmarks.engine_gpu --tiny    runs tiny models on the CPU, to see whether all of it works

The models have their true shapes and random weights, which are made on the GPU: they take no main memory, and Flux.1
takes 34 GB of GPU memory.  All variants use the same weights in one process.  For each family the benchmark prints
seconds, the ratio to the plain loop, the first turn (compiling included) and the peak of GPU memory, then how soon the
first preview arrives.

The plain loop (the baseline) runs with the settings that torch has by default.  Before each turn of warmer, torch gets
the engine's settings, and turns without --compile run the blocks eagerly.  Only the cuBLAS workspace, which torch reads
once, has the engine's size for both.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.diffusion.environment import prepare_environment
from tests.benchmarks.paired import Spread, Turn, machine_load, ratio, seconds_of

if TYPE_CHECKING:
    from tests.benchmarks.gpugrid import Bench
    from tests.benchmarks.gridtask import TimedEvents


def report(bench: Bench, turns: dict[str, list[Turn]], previewed: list[TimedEvents]) -> None:
    """Print the table and a summary.

    Args:
        bench: The model that was measured.
        turns: The turns of every variant; the plain loop stands first, the fastest variant of warmer last.
        previewed: Events of the grids with previews.
    """
    loop, best = next(iter(turns)), next(reversed(turns))
    print(f"{'':24s} {'seconds':28s} {'ratio to the plain loop':26s} {'first turn':>11s} {'peak':>10s}")
    for name, own in turns.items():
        peak = f"{bench.peaks[name] / 2**30:.2f} GiB" if name in bench.peaks else "-"
        of_loop = str(ratio(own, turns[loop]))
        print(f"{name:24s} {seconds_of(own)!s:28s} {of_loop:26s} {bench.firsts[name]:9.2f} s {peak:>10s}")
    shares = Spread.of([events.first_preview / events.seconds for events in previewed])
    print(f"{best} / {loop}: {ratio(turns[best], turns[loop])}; below 1, warmer is faster")
    print(f"first preview, in seconds: {Spread.of([events.first_preview for events in previewed])}")
    print(f"first preview, as a share of the grid's time: {shares}\n")


def measure(family: str, options: argparse.Namespace) -> None:
    """Measure one family and print its figures; its weights are free afterwards."""
    from tests.benchmarks.gpugrid import Bench, built

    pipe, settings, device = built(family, tiny=options.tiny)
    settings = replace(settings, num_inference_steps=options.steps or settings.num_inference_steps)
    bench = Bench(pipe, settings, device=device, compiled=options.compile, batch=options.batch)
    dtype = str(pipe.dtype).removeprefix("torch.")
    shapes = f"{settings.width} x {settings.height}, {settings.num_inference_steps} steps, {dtype}"
    print(f"{family}{', tiny' if options.tiny else ''}: {shapes}, {options.repeats} rounds; {machine_load()}")
    report(bench, *bench.measure(options.repeats))


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.engine_gpu")
    parser.add_argument("--family", choices=("sd15", "sdxl", "flux", "all"), default="all")
    parser.add_argument("--steps", type=int, default=0, help="denoising steps; default: the usual number of the family")
    parser.add_argument("--repeats", type=int, default=5, help="number of rounds")
    parser.add_argument("--batch", type=int, default=0, help="batch size of warmer; default: chosen by the engine")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--tiny", action="store_true", help="use tiny models on the CPU, to see whether all of it runs")
    return parser


def main(words: Sequence[str]) -> int:
    """Measure the chosen families and return the exit code, which is 2 where there is no GPU."""
    options = arguments().parse_args(words)
    prepare_environment(download=False)
    import torch

    if not options.tiny and not torch.cuda.is_available():
        print("there is no CUDA device here: --tiny runs it all with tiny models on the CPU", file=sys.stderr)
        return 2
    from engine.diffusion.libraries import silence_libraries
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
