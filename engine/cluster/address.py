"""Which cluster `--ray` means: its address, and the token that it accepts.

Everything here is text, files and environment variables; nothing is connected to.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.cluster.local_head import running_head
from engine.errors import InvalidRequestError
from engine.paths import open_regular

AUTO = "auto"
LOOPBACK = "127.0.0.1"
_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})")
_MAX_ADDRESS = 300
"""Bytes of a file that names a cluster."""
_NO_TOKEN = (
    "no token for the Ray cluster was found, and warmer uses no cluster without one, because whoever reaches such a "
    "cluster can run programs on it: set RAY_AUTH_TOKEN_PATH to the file of its token, or put it into ~/.ray/auth_token"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """A Ray cluster, and how to prove that one may use it.

    Attributes:
        host: The host of its head node.
        port: The port of its control service.
        token_path: The file of its token; "" where the environment variable RAY_AUTH_TOKEN holds it.
    """

    host: str
    port: int
    token_path: str = ""

    @property
    def address(self) -> str:
        """Host and port, as Ray writes them."""
        return f"{self.host}:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the environment variables with which Ray uses this cluster and nothing else of the network."""
        # Ray would use a token of the environment in place of the file.
        token = {"RAY_AUTH_TOKEN": "", "RAY_AUTH_TOKEN_PATH": self.token_path} if self.token_path else {}
        # Ray replaces the loopback address by that of a network card, unless the machine is one that it has no
        # clusters for.
        loopback = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"} if self.host in (LOOPBACK, "localhost") else {}
        return {"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0", **token, **loopback}


def cluster_of(text: str, environment: Mapping[str, str] | None = None) -> Cluster:
    """Return the cluster that `--ray` means.

    Args:
        text: "auto" or HOST:PORT.
        environment: The environment variables; None for those of this process.

    Raises:
        InvalidRequestError: It is no address, no cluster was found, or there is no token.
    """
    variables = os.environ if environment is None else environment
    head = running_head()
    address = (head.address if head else _found(variables)) if text == AUTO else text
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match["port"]) < 2**16:
        raise InvalidRequestError(
            f"--ray takes auto or the address of the head node, HOST:PORT, as `ray start` printed it; found {address!r}"
        )
    token = head.token_path if head is not None and address == head.address else _token_path(variables)
    return Cluster(host=match["host"], port=int(match["port"]), token_path=token)


def _found(variables: Mapping[str, str]) -> str:
    """The address of the cluster that this machine belongs to."""
    if address := variables.get("RAY_ADDRESS", ""):
        return address
    file = Path(variables.get("RAY_TMPDIR") or "/tmp") / "ray" / "ray_current_cluster"
    try:
        with open_regular(file) as opened:
            # Other users may write to /tmp: an address of theirs would be sent our token.
            if os.fstat(opened.fileno()).st_uid in (0, os.getuid()):
                return opened.read(_MAX_ADDRESS).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        pass
    raise InvalidRequestError(
        "no Ray cluster was found on this machine: start one with `warmer ray up`, or name one with --ray HOST:PORT"
    )


def _token_path(variables: Mapping[str, str]) -> str:
    """The file of the token where Ray looks for it; "" where the environment holds the token itself."""
    if variables.get("RAY_AUTH_TOKEN"):
        return ""
    path = Path(variables.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    try:
        if path.read_text("utf-8").strip():
            return str(path)
    except (OSError, UnicodeDecodeError):
        pass
    raise InvalidRequestError(_NO_TOKEN)
