"""The exit codes of `warmer`: `latentpng.errors.ExitCode`, and which error of the engine ends with which of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.errors import EngineError, InvalidRequestError, KeptWorkerError, ModelError, RenderCancelled
from latentpng.errors import ExitCode, LatentPngError

NO_WORKER = 12
"""No worker stays, or it cannot be reached or started.  Only `warmer` has this code, `latentpng` never will."""
HUNG_UP = 129
"""The app's terminal is gone: 128 and the number of SIGHUP, as shells report it."""
INTERRUPTED = 130
"""Ended by Ctrl+C: 128 and the number of SIGINT, as shells report it."""

_MEANINGS: Mapping[int, str] = MappingProxyType(
    {
        ExitCode.OK: "success",
        ExitCode.INTERNAL: "an error in this program, or of the system",
        ExitCode.USAGE: "wrong usage",
        ExitCode.UNREADABLE: "not a picture, or it cannot be read",
        ExitCode.NO_LATENT: "the picture carries no latent",
        ExitCode.DAMAGED: "the latent is damaged",
        ExitCode.NEWER_VERSION: "the latent needs a newer version of this program",
        ExitCode.REPLAY_DIFFERS: "replaying the lineage does not give the stored noise",
        ExitCode.PIXELS_DIFFER: "the pixels are not the ones that were rendered",
        ExitCode.UNWRITABLE: "a file cannot be written",
        ExitCode.NO_MODEL: "the model cannot be used",
        ExitCode.NOT_RENDERED: "rendering failed",
        NO_WORKER: "no worker stays, or it cannot be reached or started",
        HUNG_UP: "the terminal of the app is gone; everything that was picked is saved",
        INTERRUPTED: "interrupted",
    }
)


def exit_code_of(error: EngineError | LatentPngError) -> int:
    """Return the documented exit code of an error."""
    match error:
        case LatentPngError():
            return error.exit_code
        case InvalidRequestError():
            return ExitCode.USAGE
        case ModelError():
            return ExitCode.NO_MODEL
        case RenderCancelled():
            return INTERRUPTED
        case KeptWorkerError():
            return NO_WORKER
        case _:
            return ExitCode.NOT_RENDERED


def exit_codes_help() -> str:
    """Return a line for each exit code, for --help."""
    return "\n".join(["exit codes:", *(f"{code:>5}  {meaning}" for code, meaning in _MEANINGS.items())])
