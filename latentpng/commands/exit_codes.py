"""What `latentpng --help` says about exit codes.  errors.py has their numbers, tally.py their order."""

from __future__ import annotations

from latentpng.errors import ExitCode
from latentpng.reports.tally import WORST_FIRST

_MEANINGS = {
    ExitCode.OK: "success",
    ExitCode.INTERNAL: "an error in this program",
    ExitCode.USAGE: "wrong usage, or verify --render without the package warmer",
    ExitCode.UNREADABLE: "a PNG, noise or settings file cannot be read: missing, truncated, invalid, no permission",
    ExitCode.NO_LATENT: "the PNG carries no latent (such files in a folder are skipped)",
    ExitCode.DAMAGED: "the latent is damaged",
    ExitCode.NEWER_VERSION: "the latent needs a newer version of this program",
    ExitCode.REPLAY_DIFFERS: "replaying the lineage does not give the stored noise",
    ExitCode.PIXELS_DIFFER: "the pixels are not the ones that were rendered",
    ExitCode.UNWRITABLE: "the output cannot be written, exists already, or carries a different latent",
    ExitCode.NO_MODEL: "verify --render: the model of the picture cannot be used on this machine",
    ExitCode.NOT_RENDERED: "verify --render: rendering failed",
}


def exit_codes_help() -> str:
    """Return one line for each exit code, and which of them wins when a command reads many files."""
    lines = [f"{code:>3}  {_MEANINGS[code]}" for code in ExitCode]
    order = ", ".join(str(int(code)) for code in WORST_FIRST if code != ExitCode.OK)
    return "\n".join(
        [
            "exit codes:",
            *lines,
            "",
            "A command that reads many files goes on after a bad one, and returns the exit code of",
            f"the worst one. From the worst on: {order}.",
        ]
    )
