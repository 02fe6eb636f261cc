"""How many threads common NVIDIA GPUs hold at once. CUDA's noise depends on it when there are more values than threads.

threads = multiprocessors * (blocks of 256 threads that one multiprocessor holds) * 256. Sources: NVIDIA's data sheets
for the multiprocessors; the CUDA C++ Programming Guide, "Compute Capabilities", for the threads of a multiprocessor.
"""

from __future__ import annotations

import re

from latentpng.errors import InvalidValueError
from latentpng.foreign.noise.philox import THREADS_OF_BLOCK
from latentpng.text import brief

LARGE = "large"  # any GPU that holds all values at once; assumed when no GPU is named
_LARGE_CAPACITY = 2**31 - 2**31 % THREADS_OF_BLOCK

_THREADS = {  # per multiprocessor, by generation
    "pascal": 2048, "volta": 2048, "turing": 1024, "ampere": 1536, "ampere-server": 2048,
    "ada": 1536, "hopper": 2048, "blackwell": 1536,
}  # fmt: skip
_MULTIPROCESSORS = {
    "pascal": {
        "gtx1050": 5, "gtx1050ti": 6, "gtx1060": 10, "gtx1070": 15, "gtx1070ti": 19, "gtx1080": 20, "gtx1080ti": 28,
        "p40": 30, "p100": 56,
    },
    "volta": {"v100": 80},
    "turing": {
        "gtx1650": 14, "gtx1660": 22, "gtx1660super": 22, "gtx1660ti": 24, "rtx2060": 30, "rtx2060super": 34,
        "rtx2070": 36, "rtx2070super": 40, "rtx2080": 46, "rtx2080super": 48, "rtx2080ti": 68, "titanrtx": 72, "t4": 40,
    },
    "ampere": {
        "rtx3050": 20, "rtx3060": 28, "rtx3060ti": 38, "rtx3070": 46, "rtx3070ti": 48, "rtx3080": 68, "rtx308012gb": 70,
        "rtx3080ti": 80, "rtx3090": 82, "rtx3090ti": 84, "a4000": 48, "a5000": 64, "a6000": 84, "a10": 72, "a40": 84,
    },
    "ampere-server": {"a100": 108},
    "ada": {
        "rtx4060": 24, "rtx4060ti": 34, "rtx4070": 46, "rtx4070super": 56, "rtx4070ti": 60, "rtx4070tisuper": 66,
        "rtx4080": 76, "rtx4080super": 80, "rtx4090": 128, "l40": 142, "l40s": 142,
    },
    "hopper": {"h100": 132, "h100pcie": 114, "h200": 132},
    "blackwell": {
        "rtx5060": 30, "rtx5060ti": 36, "rtx5070": 48, "rtx5070ti": 70, "rtx5080": 84, "rtx5090": 170,
    },
}  # fmt: skip
CAPACITIES = {
    name: count * (_THREADS[generation] // THREADS_OF_BLOCK) * THREADS_OF_BLOCK
    for generation, chips in _MULTIPROCESSORS.items()
    for name, count in chips.items()
}


def capacity_of(gpu: str) -> int:
    """Return how many threads a GPU holds at once.

    Args:
        gpu: "large", a name such as "RTX 3060" or "3060", or multiprocessors x threads of each, such as "28x1536".

    Returns:
        The number of threads, a multiple of 256.

    Raises:
        InvalidValueError: The name is not known.
    """
    name = re.sub(r"nvidia|geforce|tesla|quadro|[^a-z0-9]", "", gpu.lower())
    if name == LARGE:
        return _LARGE_CAPACITY
    if pair := re.fullmatch(r"(\d{1,4})x(\d{3,4})", name):
        blocks = int(pair[1]) * (int(pair[2]) // THREADS_OF_BLOCK)
        if blocks:
            return blocks * THREADS_OF_BLOCK
    for known in (name, f"rtx{name}", f"gtx{name}"):
        if known in CAPACITIES:
            return CAPACITIES[known]
    raise InvalidValueError(
        f"gpu must be {LARGE!r}, a known name such as 'RTX 3060', or multiprocessors x threads such as 28x1536, "
        f"found {brief(gpu)}"
    )


def chip_matters(count: int) -> bool:
    """Return True when at least one known GPU draws different noise of `count` values than a large GPU does."""
    return count > min(CAPACITIES.values())
