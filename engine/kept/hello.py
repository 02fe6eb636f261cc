"""What has to be equal before a program renders with the worker that stays: version, code, devices and environment."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import latentpng
from engine.errors import KeptWorkerError
from latentpng.record import Json, JsonObject

PROTOCOL = 1
"""The number of the messages that follow the handshake."""
_VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "CUDA_DEVICE_ORDER",
    "CUBLAS_WORKSPACE_CONFIG",
    "NVIDIA_TF32_OVERRIDE",
    "PYTORCH_CUDA_ALLOC_CONF",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "ATEN_CPU_CAPABILITY",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "ONEDNN_MAX_CPU_ISA",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "HOME",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "HF_ENDPOINT",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
)
"""Environment variables that decide on which device, by which kernels and from which folders a worker renders."""
_SECRETS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
"""Variables that are compared by a digest, so that they are not sent."""
_RAY_VARIABLES = ("RAY_ADDRESS", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN_PATH", "RAY_TMPDIR")
_RAY_SECRETS = ("RAY_AUTH_TOKEN",)
"""The same for a worker that renders on a Ray cluster: which cluster it is, and by which token."""
_PACKAGES = ("engine", "latentpng")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hello:
    """What decides whether a program and a worker fit each other.

    Attributes:
        protocol: `PROTOCOL` of its version.
        version: The version of warmer.
        code: A digest of the names, sizes and times of the files of its code: it changes with every upgrade.
        python: The Python interpreter.
        devices: The devices that share the work; () for a single worker, whose device a request names.
        ray: "auto" or the address of a Ray cluster, or "".
        strict: Whether workers that differ are refused; False for a single worker.
        environment: The variables of `_VARIABLES` that are set, by their names, and digests of `_SECRETS`; with `ray`,
            also those of Ray.
    """

    protocol: int
    version: str
    code: str
    python: str
    devices: tuple[str, ...] = ()
    ray: str = ""
    strict: bool = False
    environment: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Return the form in which it is sent."""
        return {
            "protocol": self.protocol,
            "version": self.version,
            "code": self.code,
            "python": self.python,
            "devices": list(self.devices),
            "ray": self.ray,
            "strict": self.strict,
            "environment": dict(self.environment),
        }

    @staticmethod
    def from_json(values: JsonObject) -> Hello:
        """Return what the other end has sent; what is missing or of the wrong kind becomes empty, and so differs.

        Raises:
            KeptWorkerError: It names no protocol.
        """
        protocol, devices, environment = values.get("protocol"), values.get("devices"), values.get("environment")
        if not isinstance(protocol, int):
            raise KeptWorkerError("the first message names no protocol")
        variables = environment if isinstance(environment, dict) else {}
        return Hello(
            protocol=protocol,
            version=_text(values.get("version")),
            code=_text(values.get("code")),
            python=_text(values.get("python")),
            devices=tuple(map(_text, devices)) if isinstance(devices, list) else (),
            ray=_text(values.get("ray")),
            strict=values.get("strict") is True,
            environment=tuple(sorted((name, _text(value)) for name, value in variables.items())),
        )


def hello_of(devices: tuple[str, ...] = (), ray: str = "", *, strict: bool = False) -> Hello:
    """Return what this program needs of a worker.

    Args:
        devices: The devices that share the work; one alone is as none, but on a Ray cluster, where "cpu" leaves the
            GPUs alone.
        ray: The address of a Ray cluster, or "".
        strict: Refuse workers that differ from each other.
    """
    several = devices if len(devices) > 1 or (ray and devices != ("auto",)) else ()
    return Hello(
        protocol=PROTOCOL,
        version=latentpng.__version__,
        code=code_digest(Path(__file__).parents[2]),
        python=sys.executable,
        devices=several,
        ray=ray,
        strict=strict and bool(several or ray),
        environment=_environment(os.environ, has_ray=bool(ray)),
    )


def code_digest(root: Path) -> str:
    """Return a digest of a folder and the names, sizes and times of the code below it, 16 hexadecimal digits."""
    digest = hashlib.sha256(f"{root}\n".encode())
    for package in _PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            found = file.stat()
            digest.update(f"{file.relative_to(root)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def difference(mine: Hello, theirs: Hello) -> str:
    """Return how a worker differs from what a program needs, as the end of a sentence; "" when it fits."""
    if (mine.protocol, mine.version) != (theirs.protocol, theirs.version):
        return f"it is of version {theirs.version or '?'}, and this program of {mine.version}"
    if mine.python != theirs.python:
        return f"it runs in {theirs.python}, and this program in {mine.python}"
    if mine.code != theirs.code:
        return "the files of warmer have changed since it was started"
    if (mine.devices, mine.ray) != (theirs.devices, theirs.ray):
        return f"it renders on {_places(theirs)}, and this program asks for {_places(mine)}"
    if mine.strict != theirs.strict:
        return f"it was started {'with' if theirs.strict else 'without'} --strict"
    ours, others = dict(mine.environment), dict(theirs.environment)
    names = [name for name in sorted(ours.keys() | others.keys()) if ours.get(name) != others.get(name)]
    return f"the environment variable {names[0]} has a different value" if names else ""


def _places(hello: Hello) -> str:
    return f"the Ray cluster {hello.ray}" if hello.ray else ", ".join(hello.devices) or "one device"


def _environment(variables: Mapping[str, str], *, has_ray: bool) -> tuple[tuple[str, str], ...]:
    names = (*_VARIABLES, *(_RAY_VARIABLES if has_ray else ()))
    secrets = (*_SECRETS, *(_RAY_SECRETS if has_ray else ()))
    plain = {name: variables[name] for name in names if name in variables}
    secret = {name: _digest(variables[name]) for name in secrets if name in variables}
    return tuple(sorted((plain | secret).items()))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()[:16]
