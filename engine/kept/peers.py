"""Which user is at the other end of a Unix-domain socket, as the kernel says; other users are refused."""

from __future__ import annotations

import os
import socket
import struct

from engine.errors import KeptWorkerError

_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1
_XUCRED = struct.Struct("=IIhxx16I")
"""`struct xucred` of macOS and the BSDs: version, user, number of groups, and the groups."""
_UCRED = struct.Struct("iII")
"""`struct ucred` of Linux: process, user, group."""


def peer_uid(connection: socket.socket) -> int:
    """Return the ID of the user whose process connected or listens at the other end.

    Raises:
        OSError: The system does not say.
    """
    option: int | None = getattr(socket, "SO_PEERCRED", None)
    if option is not None:
        uid: int = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _UCRED.size))[1]
    else:
        uid = _XUCRED.unpack(connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size))[1]
    return uid


def peer_pid(connection: socket.socket) -> int:
    """Return the ID of the process that connected or listens at the other end; 0 where the system does not say."""
    option: int | None = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return 0
    try:
        pid: int = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _UCRED.size))[0]
    except (OSError, struct.error):
        return 0
    return pid


def check_peer(connection: socket.socket) -> None:
    """Check that the other end is a process of this user.

    Raises:
        KeptWorkerError: It is not, or the system does not say whose it is.
    """
    try:
        uid = peer_uid(connection)
    except (OSError, struct.error) as error:
        raise KeptWorkerError(
            f"the system does not say which user is at the other end of the socket: {error}"
        ) from error
    if uid != os.getuid():
        raise KeptWorkerError(f"the process at the other end of the socket belongs to the user {uid}, not to this one")
