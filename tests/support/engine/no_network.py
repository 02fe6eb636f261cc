"""An environment in which every Python process refuses to reach for the network, and has an empty cache of the hub."""

from __future__ import annotations

import os
from pathlib import Path

_SITE = '''"""Refuses the network: names are not resolved, and only sockets of this machine connect."""
import socket

def refuse(*arguments, **more):
    raise AssertionError(f"reached for the network: {arguments}")

connect = socket.socket.connect

def connect_here(self, address):
    return connect(self, address) if self.family == socket.AF_UNIX else refuse(address)

socket.getaddrinfo = socket.create_connection = socket.gethostbyname = refuse
socket.socket.connect = socket.socket.connect_ex = connect_here
'''


def without_network(folder: Path) -> dict[str, str]:
    """Return the environment of this process with the network refused, and all caches in a new folder.

    Variables that would keep the libraries from trying are left out: what is tested is that nothing tries.
    """
    site = folder / "site"
    site.mkdir(parents=True)
    (site / "sitecustomize.py").write_text(_SITE)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    root = Path(__file__).parents[3]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join([str(site), str(root)]),
        "HF_HOME": str(folder / "hub"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
