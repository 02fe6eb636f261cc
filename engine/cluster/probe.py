"""Asks a Ray cluster one question, with the token of the environment, and exits with what came of it.

A program of its own: Ray reads its rules of authentication once in a process, and prints what goes wrong.
Started by `engine.cluster.security` as `python -m engine.cluster.probe HOST:PORT`.
"""

from __future__ import annotations

import sys

ACCEPTED, REJECTED, UNREACHABLE = 0, 10, 11


def ask(address: str) -> int:
    """Return `ACCEPTED`, `REJECTED` for a wrong or missing token, or `UNREACHABLE`."""
    # ray.init uses it too, but tries for 20 seconds before it fails
    from ray._raylet import GcsClient  # type: ignore[attr-defined]  # its stub does not name it
    from ray.exceptions import AuthenticationError, RaySystemError

    try:
        GcsClient(address=address).internal_kv_exists(b"session_name", None)
    except AuthenticationError:
        return REJECTED
    except (RaySystemError, RuntimeError, OSError):
        return UNREACHABLE
    return ACCEPTED


if __name__ == "__main__":
    sys.exit(ask(sys.argv[1]))
