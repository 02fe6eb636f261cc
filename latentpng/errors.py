"""The errors of `latentpng` and their exit codes.

LatentPngError
├── FileError                    the file is not what it should be
│   ├── UnreadableFileError      missing, a folder, no permission, not a whole PNG; not a valid noise or settings file
│   ├── NoLatentError            a good PNG without a latent
│   ├── DamagedLatentError       a latent that breaks a rule of SPEC.md
│   ├── NewerVersionError        a latent that needs a newer reader (major, noise, codec, dtype, critical flag)
│   ├── ReplayDiffersError       the lineage does not lead to the stored noise
│   ├── PixelsDifferError        the pixels are not those that were rendered
│   └── UnwritableFileError      the target exists, carries a different latent, or cannot be written (permission, space)
│       └── NameTakenError       the target exists, and was not to be replaced
└── InvalidValueError            the caller asked for something that the format does not have
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the `latentpng` command; they are part of its interface and never change.

    Attributes:
        OK: Success.
        INTERNAL: A fault of the program.
        USAGE: Wrong usage, or a value that the format does not have.
        UNREADABLE: Not a readable PNG, noise file or settings file.
        NO_LATENT: A PNG without a latent.
        DAMAGED: A latent that breaks a rule of SPEC.md.
        NEWER_VERSION: A latent that needs a newer reader.
        REPLAY_DIFFERS: The lineage does not lead to the stored noise.
        PIXELS_DIFFER: The pixels are not those that were rendered.
        UNWRITABLE: The output cannot be written.
        NO_MODEL: The model cannot be used here (`verify --render`, and the commands of `warmer`).
        NOT_RENDERED: Rendering failed (`verify --render`, and the commands of `warmer`).
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
    """The base of all errors of this package; its text is one plain sentence.

    Attributes:
        exit_code: The exit code of a command that ends with this error.
    """

    exit_code = ExitCode.INTERNAL


class FileError(LatentPngError):
    """The file is not what it should be."""


class UnreadableFileError(FileError):
    """The file is missing, a folder, not readable, not a whole PNG, or not a valid noise or settings file."""

    exit_code = ExitCode.UNREADABLE


class NoLatentError(FileError):
    """The file is a good PNG that carries no latent."""

    exit_code = ExitCode.NO_LATENT


class DamagedLatentError(FileError):
    """The latent breaks a rule of SPEC.md."""

    exit_code = ExitCode.DAMAGED


class NewerVersionError(FileError):
    """The latent needs a newer reader."""

    exit_code = ExitCode.NEWER_VERSION


class ReplayDiffersError(FileError):
    """The lineage does not lead to the stored noise."""

    exit_code = ExitCode.REPLAY_DIFFERS


class PixelsDifferError(FileError):
    """The pixels are not those that were rendered."""

    exit_code = ExitCode.PIXELS_DIFFER


class UnwritableFileError(FileError):
    """The target cannot be written: it exists, carries a different latent, or permission or space are missing."""

    exit_code = ExitCode.UNWRITABLE


class NameTakenError(UnwritableFileError):
    """The target exists, and was not to be replaced; it may have appeared while the file was being made."""


class InvalidValueError(LatentPngError, ValueError):
    """The caller asked for something that the format does not have."""

    exit_code = ExitCode.USAGE
