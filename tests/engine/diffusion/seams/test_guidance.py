"""Canary: pipelines whose guidance is a component."""

from __future__ import annotations

import inspect

import torch
from diffusers.guiders import AdaptiveProjectedMixGuidance

from engine.diffusion.seams.guidance import guiders_of, has_guider_slot, set_guider_scale
from tests.support.engine.canary import broken, pipeline_class
from tests.support.engine.families.catalogue import build_family


def test_a_guider_reads_its_scale_at_every_step() -> None:
    guider = AdaptiveProjectedMixGuidance(guidance_scale=3.5, adaptive_projected_guidance_start_step=9)
    guider.set_state(step=0, num_inference_steps=4, timestep=torch.tensor(999))
    condition, uncondition = torch.ones(1, 2, 2, 2), torch.zeros(1, 2, 2, 2)
    results = []
    for scale in (2.0, 4.0):
        guider.guidance_scale = scale
        results.append(float(guider.forward(condition, uncondition).pred.mean()))
    assert results == [2.0, 4.0], broken("guidance", "guiders read `guidance_scale` when they combine predictions")
    guider.guidance_scale = 1.0
    assert guider.num_conditions == 1, broken("guidance", "a guidance scale of 1 turns a guider off")


def test_hunyuan_image_guides_with_its_components() -> None:
    pipe = build_family("HunyuanImage 2.1")
    assert has_guider_slot(pipe)
    assert guiders_of(pipe) == [pipe.guider, pipe.ocr_guider], broken("guidance", "HunyuanImage has two guiders")
    set_guider_scale(pipe, 1.5)
    assert (pipe.guider.guidance_scale, pipe.ocr_guider.guidance_scale) == (1.5, 1.5)
    assert "guidance_scale" not in inspect.signature(pipeline_class("HunyuanImagePipeline").__call__).parameters, (
        broken("guidance", "HunyuanImage takes no guidance_scale")
    )
    assert not has_guider_slot(build_family("SD 1.x"))
