"""The `laTn` chunk: a picture that carries its initial noise, its lineage and its settings.  Law: SPEC.md.

`read`, `write`, `replay`, `verify` and `new_record` are api.py's; they are imported when they are first asked for, so
that the command starts without NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latentpng.api import new_record, read, replay, verify, write
    from latentpng.errors import LatentPngError
    from latentpng.record import LatentRecord, Lineage, Round, SeedRoot, TensorRoot

__version__ = "0.1.0"
__all__ = [
    "LatentPngError",
    "LatentRecord",
    "Lineage",
    "Round",
    "SeedRoot",
    "TensorRoot",
    "new_record",
    "read",
    "replay",
    "verify",
    "write",
]
_HOMES = {"LatentPngError": "errors"} | dict.fromkeys(__all__[1:6], "record") | dict.fromkeys(__all__[6:], "api")


def __getattr__(name: str) -> Any:
    """A name of `__all__`, from the module that it lives in."""
    if name in _HOMES:
        return getattr(import_module(f"latentpng.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
