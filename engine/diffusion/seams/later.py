"""Seam: large packages that diffusers and transformers import without need are imported when they are used.

They import torch's compiler to mark functions for it, peft to recognise layers of LoRA files, scipy for losses of
training, and what splits a model over several processes: half of the time of a start.  Until something of such a
package is used, stand-ins take the place of those of its modules that are named at import time.  What is not in the
tables below imports the package at once, so that a new name costs time and nothing else.  With a torch that this was
not tried with, everything is imported as the libraries ask for it.

Assumptions, checked by tests/engine/diffusion/seams/test_later.py:
- The libraries use the names of `_NAMES` in no other way than to call them, to compare classes with them, and to take
  attributes of them.
- `import` and `torch.__getattr__` look for `torch._dynamo` in `sys.modules`.
- `allow_in_graph` and `assume_constant_result` of torch's compiler return what they are given after noting it, and
  `disable` returns a function that does the same where nothing is compiled.
"""

from __future__ import annotations

import functools
import importlib
import sys
import threading
from collections.abc import Callable, Mapping
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_NAMES: Mapping[str, tuple[str, ...]] = {
    "torch._dynamo": ("allow_in_graph", "assume_constant_result", "disable"),
    "torch._dynamo.eval_frame": ("OptimizedModule",),
    "torch._dynamo._trace_wrapped_higher_order_op": ("TransformGetItemToIndex",),
    "torch.distributed._composable": (),
    "torch.distributed._composable.fsdp": ("fully_shard",),
    "torch.distributed._functional_collectives": ("all_to_all_single_autograd", "wait_tensor"),
    "torch.distributed.checkpoint": (),
    "torch.distributed.checkpoint.hf_storage": ("HuggingFaceStorageReader", "HuggingFaceStorageWriter"),
    "torch.distributed.fsdp": ("CPUOffloadPolicy", "FullyShardedDataParallel", "MixedPrecisionPolicy"),
    "torch.distributed.tensor": ("DTensor", "Partial", "Replicate", "Shard", "distribute_tensor"),
    "torch.distributed.tensor._utils": ("compute_local_shape_and_global_offset",),
    "torch.distributed.tensor.placement_types": ("Shard", "_StridedShard"),
    "peft": ("PeftModel",),
    "peft.helpers": ("disable_input_dtype_casting",),
    "peft.tuners": (),
    "peft.tuners.tuners_utils": ("BaseTunerLayer",),
    "scipy": (),
    "scipy.integrate": (),
    "scipy.optimize": ("linear_sum_assignment",),
    "scipy.stats": (),
}
"""The modules that have a stand-in, and what the libraries take from them at import time."""
_GROUPS = ("torch._dynamo", "peft", "scipy")
"""The first module of each group.  All stand-ins of a group go together: its modules take classes of each other."""

_MADE = ("Partial", "Replicate", "Shard")
"""Classes of which the libraries make instances at import time, for tables of models that are split."""

TRIED_WITH = "2.13."
"""The beginning of the version of torch that the tables were made for."""

_lock = threading.RLock()
_waiting: list[Callable[[ModuleType], object]] = []
"""What is done with torch's compiler once it is imported."""


def stand_in() -> None:
    """Let stand-ins take the place of what is installed and not imported yet; torch has to be imported before.

    Does nothing with another version of torch than the tables were made for.
    """
    if not version("torch").startswith(TRIED_WITH):
        return
    with _lock:
        for name in _NAMES:
            if not any(first in sys.modules and not _stands_in(first) for first in (_first(name), name)):
                spec = find_spec(name) if name in _GROUPS else ModuleSpec(name, None, is_package=True)
                if spec is not None and find_spec(_first(name)) is not None:
                    sys.modules[name] = StandIn(name, spec)
                    parent, _, child = name.rpartition(".")
                    if parent in sys.modules and not _stands_in(parent):
                        setattr(sys.modules[parent], child, sys.modules[name])
        if _Finder not in sys.meta_path:
            sys.meta_path.insert(0, _Finder)


def _stands_in(name: str) -> bool:
    return isinstance(sys.modules.get(name), StandIn)


def _first(name: str) -> str:
    return next(first for first in _GROUPS if first.split(".")[0] == name.split(".")[0])


def import_now(name: str) -> ModuleType:
    """Import a module, in place of all stand-ins of its group if it has one.

    Args:
        name: A module of `_NAMES`.
    """
    # Nothing is imported under the lock: another thread may hold the import system's lock of a module that this one
    # needs, and wait for this lock.
    first = _first(name)
    with _lock:
        is_first = _stands_in(first)
        for other in [other for other in _NAMES if _first(other) == first and _stands_in(other)]:
            del sys.modules[other]
    package = importlib.import_module(first) if is_first else None
    while package is not None and _waiting and first == _GROUPS[0]:
        _waiting.pop(0)(package)
    return importlib.import_module(name)


class StandIn(ModuleType):
    """Takes the place of a module until something of it is used."""

    def __init__(self, name: str, spec: ModuleSpec) -> None:
        super().__init__(name)
        self.__dict__.update(__spec__=spec, __file__=spec.origin, __path__=[])

    def __getattr__(self, name: str) -> Any:
        """Return a placeholder for a name of the table, and import the module for any other."""
        if sys.modules.get(self.__name__) is self:
            if f"{self.__name__}.{name}" in _NAMES:
                return sys.modules[f"{self.__name__}.{name}"]
            if name in _NAMES[self.__name__]:
                return _placeholder(self.__name__, name)
            if name.startswith("__") and name != "__version__":
                raise AttributeError(name)  # what the import system and `inspect` look for
        return getattr(import_now(self.__name__), name)

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute of the module, as the import of a submodule does."""
        setattr(import_now(self.__name__), name, value)


class _Finder:
    """Finds submodules of stand-ins for the import system: they need the package."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG004 (the protocol)
        """Import the package, and return the spec of a module of it."""
        parent = name.rpartition(".")[0]
        if not _stands_in(parent):
            return None
        import_now(parent)
        module = sys.modules.get(name)
        if module is None:
            return find_spec(name)
        module.__spec__ = ModuleSpec(name, _Found(module))  # the import system would run the module again with its own
        return module.__spec__


class _Found(Loader):
    """Loads a module that is there already: the import of its package brought it."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002 (the protocol)
        """Return the module instead of making one."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing, and undo what the import system has written."""
        module.__spec__ = self._spec


class _Later(type):
    """The type of a placeholder: a class of which there are no instances yet, or a function."""

    _module: str

    def __instancecheck__(cls, value: object) -> bool:
        return not _stands_in(cls._module) and isinstance(value, cls._real())

    def __subclasscheck__(cls, other: type) -> bool:
        return not _stands_in(cls._module) and issubclass(other, cls._real())

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        if cls.__name__ in _MADE and _stands_in(cls._module):
            return _Made(lambda: cls._real()(*arguments, **named))
        return cls._real()(*arguments, **named)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(cls._real(), name)

    def _real(cls) -> Any:
        return getattr(import_now(cls._module), cls.__name__)


class _Made:
    """An instance of a class that is not imported yet: it is made when it is used."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = functools.cache(make)

    @property
    def __class__(self) -> type:
        """Pass for an instance of the class."""
        return type(self._make())

    @__class__.setter
    def __class__(self, value: type) -> None:
        raise TypeError("the class of a placeholder cannot be set")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._make(), name)


def _placeholder(module: str, name: str) -> Any:
    if module != _GROUPS[0]:
        return _Later(name, (), {"_module": module})
    return _disable if name == "disable" else functools.partial(_mark, name)


def _mark(name: str, target: Any) -> Any:
    """Stand for a decorator that notes what it is given: it is called with it again once there is something to note."""
    _waiting.append(lambda compiler: getattr(compiler, name)(target))
    return target


def _disable(function: Any = None, recursive: bool = True, **named: Any) -> Any:
    """Stand for the decorator that keeps a function from being compiled."""
    if function is None:
        return functools.partial(_disable, recursive=recursive, **named)
    inner = [function]

    @functools.wraps(function)
    def called(*arguments: Any, **keywords: Any) -> Any:
        return inner[0](*arguments, **keywords)

    def disable(compiler: ModuleType) -> None:
        inner[0] = compiler.disable(function, recursive, **named)

    _waiting.append(disable)
    return called
