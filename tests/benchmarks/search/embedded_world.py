"""T1: the model that ships, in few steps, judged by the classifier that was trained on the same kind of pictures.

The classifier's distance is a mean over places, so the distance of a region is the mean over its places alone.  The
second metric compares blurred colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.embedded.training.classifier import load_classifier
from engine.embedded.training.data import HELD_OUT
from engine.models.resolve import defaults_of, resolve_model
from engine.rendering.events import Picture
from engine.search.first_grid import choose
from tests.benchmarks.heldout import Model, held_out
from tests.benchmarks.search.cases import CaseSet
from tests.benchmarks.search.worlds import CELLS, Numbers

STEPS = 4
"""Denoising steps of the model's own scheduler, DDIM, a third of what it needs for good pictures."""
_BATCH = 32
_FIRST_SCENE = {CaseSet.REPORTED: HELD_OUT, CaseSet.TUNING: HELD_OUT + 900_000}
"""The scenes whose captions are the prompts; the model was trained on neither."""
_BLUR = 8
"""Pixels along a side of what a blur makes one."""


@dataclass(kw_only=True, slots=True)
class _Target:
    prompt: Tensor
    features: list[Tensor] = field(default_factory=list)
    blurred: Tensor | None = None


class Embedded:
    """The model that ships."""

    name = "embedded model"
    shape = (4, 16, 16)
    powers = (1.0, 0.5)

    def __init__(self, steps: int = STEPS) -> None:
        model = Model("", steps, 0.0, "")
        self.steps = steps
        self.scale = defaults_of(resolve_model("")).scale
        self._pipe, self._guidance = model.pipe, model.guidance
        # Half of the time goes to the decoder, and bfloat16 halves that; its rounding is far below what is compared.
        self._pipe.unet.to(torch.bfloat16)
        self._pipe.vae.to(torch.bfloat16)
        self._classifier = load_classifier()
        self._targets: list[_Target] = []

    @torch.inference_mode()
    def begin(self, kind: CaseSet, targets: Numbers, numbers: Sequence[int]) -> None:
        """Encode the prompts of the cases and render the targets."""
        captions = held_out(max(numbers) + 1, _FIRST_SCENE[kind]).captions
        self._targets = [_Target(prompt=self._encoded(captions[number].text)) for number in numbers]
        pictures = self.pictures(targets, range(len(targets)))
        for target, picture in zip(self._targets, pictures, strict=True):
            target.features = self._classifier.features(picture[None])
            target.blurred = F.avg_pool2d(picture[None], _BLUR)

    @torch.inference_mode()
    def differences(self, noise: Numbers, which: Sequence[int]) -> Numbers:
        """Render pictures and compare each with its target."""
        maps = []
        pictures = self.pictures(noise, which)
        for picture, at in zip(torch.split(pictures, 1), which, strict=True):
            target = self._targets[at]
            assert target.blurred is not None
            stages = [
                F.adaptive_avg_pool2d(1 - F.cosine_similarity(mine + 1e-4, its + 1e-4, dim=1)[:, None], CELLS)
                for mine, its in zip(self._classifier.features(picture), target.features, strict=True)
            ]
            seen = torch.stack(stages).mean(0)[0, 0].clamp(min=0)
            error = (F.avg_pool2d(picture, _BLUR) - target.blurred) ** 2
            maps.append(torch.stack([seen, F.adaptive_avg_pool2d(error.mean(1, keepdim=True), CELLS)[0, 0]]))
        return torch.stack(maps, 1).double().numpy()

    @torch.inference_mode()
    def diverse(self, noise: Numbers, which: int, count: int) -> tuple[int, ...]:
        """Return which candidates for a first grid are shown, as the app chooses them: halfway to their pictures."""
        halfway = self.pictures(noise, [which] * len(noise), self.steps // 2)
        small = ((F.avg_pool2d(halfway, _BLUR) + 1) * 127.5).round().byte().permute(0, 2, 3, 1)
        side = small.shape[1]
        pictures = {at: Picture(width=side, height=side, rgb=each.numpy().tobytes()) for at, each in enumerate(small)}
        return choose(pictures, count)

    def pictures(self, noise: Numbers, which: Sequence[int], stop_after: int = 0) -> Tensor:
        """Render pictures, as the pipeline does without its checks.

        Args:
            noise: (N, 4, 16, 16), unit variance.
            which: The index of the target whose prompt each has.
            stop_after: After how many steps the predictions are decoded; 0 for all.

        Returns:
            The pictures, (N, 3, 128, 128), -1 to 1, float32.
        """
        latents = torch.from_numpy(np.ascontiguousarray(noise, dtype=np.float32))
        prompts = torch.stack([self._targets[at].prompt for at in which])
        parts = zip(torch.split(latents, _BATCH), torch.split(prompts, _BATCH), strict=True)
        return torch.cat([self._decoded(self._denoised(part, prompt, stop_after)) for part, prompt in parts])

    def _denoised(self, latents: Tensor, prompts: Tensor, stop_after: int) -> Tensor:
        scheduler = self._pipe.scheduler
        scheduler.set_timesteps(self.steps)
        embeddings = torch.cat([prompts[:, 0], prompts[:, 1]])
        latents = latents * scheduler.init_noise_sigma
        for at, time in enumerate(scheduler.timesteps):
            both = scheduler.scale_model_input(torch.cat([latents, latents]), time).to(torch.bfloat16)
            plain, asked = self._pipe.unet(both, time, encoder_hidden_states=embeddings).sample.float().chunk(2)
            step = scheduler.step(plain + self._guidance * (asked - plain), time, latents)
            if at + 1 == stop_after:
                return Tensor(step.pred_original_sample)
            latents = step.prev_sample
        return latents

    def _decoded(self, latents: Tensor) -> Tensor:
        vae = self._pipe.vae
        sample: Tensor = vae.decode((latents / vae.config.scaling_factor).to(torch.bfloat16)).sample
        # the eight bits of a picture on the screen
        return ((sample.float().clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1

    def _encoded(self, prompt: str) -> Tensor:
        """Return the embeddings of no prompt and of a prompt: (2, tokens, width)."""
        asked, plain = self._pipe.encode_prompt([prompt], "cpu", 1, True)
        return torch.cat([plain, asked]).to(torch.bfloat16)
