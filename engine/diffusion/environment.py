"""The environment variables of the worker process; free of torch, since they have to be set before it is imported."""

from __future__ import annotations

import os

from engine.diffusion.seams.hub import set_offline

_SPIN_COUNT = "1000"
"""How often an idle OpenMP thread spins before it sleeps.  The default of 300,000 made a batch of 8 take 4 to 6 s
instead of 2 on two cores that another program used too, with pauses of up to 28 s; on idle cores both take 1 s."""
_DETERMINISTIC_WORKSPACES = (":4096:8", ":16:8")
"""The workspaces with which cuBLAS gives the same bits each time (its manual, "Results reproducibility")."""


def prepare_environment(*, download: bool) -> None:
    """Set what has to stand in the environment before torch and diffusers are imported.

    Args:
        download: Whether files may be fetched from the hub; this alone also takes effect after the imports.
    """
    os.environ["DIFFUSERS_DISABLE_REMOTE_CODE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ.pop("DIFFUSERS_ATTN_BACKEND", None)  # it would choose an attention that no file records
    if os.environ.get("CUBLAS_WORKSPACE_CONFIG") not in _DETERMINISTIC_WORKSPACES:
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = _DETERMINISTIC_WORKSPACES[0]
    os.environ["TORCHINDUCTOR_DETERMINISTIC"] = "1"  # kernels chosen by rule, not by a race, with --compile too
    os.environ.setdefault("GOMP_SPINCOUNT", _SPIN_COUNT)
    os.environ["HF_HUB_OFFLINE"] = "0" if download else "1"
    set_offline(not download)
