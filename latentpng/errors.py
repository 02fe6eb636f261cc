"""Everything that `latentpng` raises on purpose, and the exit code of each.

LatentPngError
├── FileError                    the file is not what it should be
│   ├── UnreadableFileError      missing, a folder, no permission, not a whole PNG; not a valid noise or settings file
│   ├── NoLatentError            a good PNG without a latent chunk
│   ├── DamagedLatentError       a chunk that breaks a rule of SPEC.md
│   ├── NewerVersionError        a chunk that needs a newer reader (major, noise, codec, dtype, critical flag)
│   ├── ReplayDiffersError       the lineage does not lead to the noise that is stored
│   ├── PixelsDifferError        the pixels are not the ones that were rendered
│   └── UnwritableFileError      the target cannot be written: exists, carries another latent, no permission, no space
└── InvalidValueError            the caller asked for something that the format does not have
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the `latentpng` command; part of its interface, never renumbered.

    NO_MODEL, NOT_RENDERED: of `warmer`, and of `verify --render`, which asks it.
    """

    OK = 0
    INTERNAL = 1
    USAGE = 2
    UNREADABLE = 3
    NO_LATENT = 4
    DAMAGED = 5
    NEWER_VERSION = 6
    REPLAY_DIFFERS = 7
    PIXELS_DIFFER = 8
    UNWRITABLE = 9
    NO_MODEL = 10
    NOT_RENDERED = 11


class LatentPngError(Exception):
    """Base of all errors of this package; its text is one plain sentence."""

    exit_code = ExitCode.INTERNAL


class FileError(LatentPngError):
    """The file is not what it should be."""


class UnreadableFileError(FileError):
    """Missing, a folder, no permission, not a whole PNG, or not what a noise or settings file may be."""

    exit_code = ExitCode.UNREADABLE


class NoLatentError(FileError):
    """A good PNG that carries no latent chunk."""

    exit_code = ExitCode.NO_LATENT


class DamagedLatentError(FileError):
    """A chunk that breaks a rule of SPEC.md."""

    exit_code = ExitCode.DAMAGED


class NewerVersionError(FileError):
    """A chunk that is whole but needs a newer reader."""

    exit_code = ExitCode.NEWER_VERSION


class ReplayDiffersError(FileError):
    """The lineage does not lead to the noise that is stored."""

    exit_code = ExitCode.REPLAY_DIFFERS


class PixelsDifferError(FileError):
    """The pixels are not the ones that were rendered."""

    exit_code = ExitCode.PIXELS_DIFFER


class UnwritableFileError(FileError):
    """The target cannot be written: it exists, carries another latent, no permission, no space."""

    exit_code = ExitCode.UNWRITABLE


class InvalidValueError(LatentPngError, ValueError):
    """The caller asked for something that the format does not have."""

    exit_code = ExitCode.USAGE
