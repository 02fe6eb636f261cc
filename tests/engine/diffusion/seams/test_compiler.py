"""Canary: the blocks of models, and torch's compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch._dynamo
import torch._dynamo.exc
import torch._inductor.exc

from engine.diffusion.seams.compiler import is_compiler_error
from tests.support.engine.canary import broken
from tests.support.engine.families.flux import flux
from tests.support.engine.families.qwen import qwen_image
from tests.support.engine.tiny import build_tiny

DENOISERS: dict[str, Callable[[], Any]] = {
    "UNet2DConditionModel": lambda: build_tiny().unet,
    "FluxTransformer2DModel": lambda: flux().transformer,
    "QwenImageTransformer2DModel": lambda: qwen_image().transformer,
}


@pytest.mark.parametrize("name", DENOISERS)
def test_a_model_names_the_classes_of_its_repeated_blocks(name: str) -> None:
    model = DENOISERS[name]()
    names = getattr(model, "_repeated_blocks", None)
    assert names, broken("compiler", f"{name}._repeated_blocks names classes")
    assert any(type(module).__name__ in names for module in model.modules()), broken(
        "compiler", f"{name} has modules of a class in its _repeated_blocks"
    )


@pytest.mark.parametrize("limit", ["cache_size_limit", "accumulated_cache_size_limit"])
def test_the_limits_of_compiled_shapes_can_be_raised(limit: str) -> None:
    before = getattr(torch._dynamo.config, limit, None)
    assert isinstance(before, int), broken("compiler", f"torch._dynamo.config.{limit} is a number", library="torch")
    with torch._dynamo.config.patch({limit: before + 1}):
        assert getattr(torch._dynamo.config, limit) == before + 1


@pytest.mark.parametrize(
    "kind", [torch._dynamo.exc.Unsupported, torch._dynamo.exc.BackendCompilerFailed, torch._inductor.exc.InductorError]
)
def test_an_error_of_the_compiler_is_known_by_its_module(kind: type[BaseException]) -> None:
    assert is_compiler_error(kind.__new__(kind)), broken(
        "compiler", f"{kind.__name__} is defined in a module of the compiler", library="torch"
    )
    assert not is_compiler_error(RuntimeError("of the model"))
