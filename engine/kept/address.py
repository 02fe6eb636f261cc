"""Where the socket of the worker that stays is: in a folder that belongs to this user alone.

The folder is never repaired: one that others could have prepared is refused, since whoever owns it owns the socket.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from engine.errors import KeptWorkerError

VARIABLE = "WARMER_RUNTIME_DIR"
"""The environment variable that names a different folder for the socket."""
MAX_SOCKET_BYTES = 107 if sys.platform == "linux" else 103
"""The longest path of a Unix-domain socket, without the byte that ends it."""
IS_RUNNING = 75
"""The exit code (EX_TEMPFAIL) of a worker that finds the lock taken: another one is running."""
_PRIVATE = 0o700


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """The folder of the worker that stays.

    Attributes:
        folder: The folder, whether it exists or not.
    """

    folder: Path

    @property
    def socket(self) -> Path:
        """The Unix-domain socket."""
        return self.folder / "worker.sock"

    @property
    def lock(self) -> Path:
        """The file that the running worker holds a lock on; it is never removed."""
        return self.folder / "worker.lock"

    @property
    def has_socket(self) -> bool:
        """Whether there is a socket, be it of a running worker or left behind by one that was killed."""
        return os.path.lexists(self.socket)


def address() -> Address:
    """Return the address of this user: `$WARMER_RUNTIME_DIR`, `$XDG_RUNTIME_DIR/warmer`, else `/tmp/warmer-UID`."""
    named, runtime = os.environ.get(VARIABLE, ""), os.environ.get("XDG_RUNTIME_DIR", "")
    if named:
        return Address(folder=Path(named).absolute())
    if runtime and Path(runtime).is_dir():
        return Address(folder=Path(runtime).absolute() / "warmer")
    return Address(folder=Path(tempfile.gettempdir()).absolute() / f"warmer-{os.getuid()}")


def create_folder(place: Address) -> None:
    """Create the folder with the mode 0700 unless it exists, and check it.

    Raises:
        KeptWorkerError: It cannot be created, or as `check_folder`.
    """
    try:
        place.folder.parent.mkdir(parents=True, exist_ok=True)
        place.folder.mkdir(mode=_PRIVATE, exist_ok=True)
    except OSError as error:
        raise KeptWorkerError(
            f"{place.folder}: this folder for the socket of the worker cannot be created: {error.strerror or error}"
        ) from error
    check_folder(place)


def check_folder(place: Address) -> None:
    """Check that the folder is a real one, belongs to this user, and is closed to everybody else.

    Raises:
        KeptWorkerError: It is not, or it does not exist, or the path of the socket is too long for the system.
    """
    try:
        found = os.lstat(place.folder)
    except OSError as error:
        raise KeptWorkerError(f"{place.folder}: {error.strerror or error}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise KeptWorkerError(
            f"{place.folder}: the folder for the socket of the worker is a symlink or no folder: remove it"
        )
    if found.st_uid != os.getuid():
        raise KeptWorkerError(
            f"{place.folder}: the folder for the socket of the worker belongs to the user {found.st_uid}: "
            f"name a different one by {VARIABLE}"
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise KeptWorkerError(
            f"{place.folder}: the folder for the socket of the worker has the mode "
            f"{stat.S_IMODE(found.st_mode):04o}, which lets other users in: run `chmod 700 {place.folder}`"
        )
    if len(os.fsencode(place.socket)) > MAX_SOCKET_BYTES:
        raise KeptWorkerError(
            f"{place.socket}: the path of a socket has at most {MAX_SOCKET_BYTES} bytes: "
            f"name a shorter folder by {VARIABLE}"
        )
