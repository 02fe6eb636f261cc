"""Canary: the attention back-ends of diffusers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from diffusers.models import attention_dispatch

from engine.diffusion.seams.attention import NATIVE, has_selectable_attention, local_backends
from tests.support.engine.canary import broken
from tests.support.engine.families.flux import flux
from tests.support.engine.tiny import build_tiny


@pytest.fixture
def transformer() -> Iterator[Any]:
    model = flux().transformer
    yield model
    model.set_attention_backend(NATIVE)


def processors(model: Any) -> list[Any]:
    return [module.processor for module in model.modules() if hasattr(module, "processor")]


def test_the_names_of_the_backends() -> None:
    assert {NATIVE, "_native_math", "flash", "sage", "xformers"} <= set(local_backends()), broken(
        "attention", "AttentionBackendName lists native, _native_math, flash, sage and xformers"
    )


def test_whatever_downloads_a_kernel_says_so_in_its_name() -> None:
    downloads = {backend.value for backend in attention_dispatch._HUB_KERNELS_REGISTRY}
    assert downloads, broken("attention", "_HUB_KERNELS_REGISTRY names the back-ends that download a kernel")
    assert not downloads & set(local_backends()), broken("attention", "back-ends that download end in '_hub'")


def test_a_choice_reaches_every_processor(transformer: Any) -> None:
    assert has_selectable_attention(transformer), broken(
        "attention", "processors of a Flux transformer have the attribute _attention_backend"
    )
    transformer.set_attention_backend("_native_math")
    chosen = {str(processor._attention_backend.value) for processor in processors(transformer)}
    assert chosen == {"_native_math"}, broken("attention", "set_attention_backend sets _attention_backend")


def test_a_choice_stays_for_models_that_are_loaded_later(transformer: Any) -> None:
    transformer.set_attention_backend("_native_math")
    active, _ = attention_dispatch._AttentionBackendRegistry.get_active_backend()
    assert active.value == "_native_math", broken(
        "attention", "set_attention_backend also sets the back-end of later models, so that it is always called"
    )


def test_an_old_unet_has_one_attention_alone() -> None:
    assert not has_selectable_attention(build_tiny().unet), broken(
        "attention", "the processors of a UNet know no back-ends, so that --attention is refused there"
    )
