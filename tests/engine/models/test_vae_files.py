"""Which family a VAE's file belongs to: by its digest if it is a published one, else by its name; only a notice."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from engine.models import vae_files
from engine.models.notices import model_notices
from engine.models.resolve import resolve_model, resolve_vae
from engine.models.vae_files import vae_family
from tests.support.engine.headers import VAE, checkpoint, write_header


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("sdxl_vae", "SDXL"),
        ("sdxl-vae-fp16-fix", "SDXL"),
        ("xlVAEC_f1", "SDXL"),
        ("XL_VAE_E7", "SDXL"),
        ("fixFP16ErrorsSDXLLowerMemoryUse_v10", "SDXL"),
        ("vae-ft-mse-840000-ema-pruned", "Stable Diffusion"),
        ("kl-f8-anime2", "Stable Diffusion"),
        ("orangemix.vae", "Stable Diffusion"),
        ("clearvae_v23", "Stable Diffusion"),
        ("sd15_fine", "Stable Diffusion"),
        ("sd3_vae", "Stable Diffusion 3"),
        ("ae", "Flux.1"),
        ("flux_vae", "Flux.1"),
        ("color101VAE_v1", ""),
        ("aeon", ""),
        ("pixlart", ""),
        ("myVae", ""),
    ],
)
def test_names_tell_most_of_them(tmp_path: Path, name: str, family: str) -> None:
    assert vae_family(write_header(tmp_path / f"{name}.safetensors", VAE)) == family


def test_a_published_file_is_known_under_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_header(tmp_path / "vae-ft-mse-840000.safetensors", VAE)
    data = file.read_bytes()
    known = {(len(data), hashlib.sha256(data).hexdigest()): "SDXL", (1, "00"): "Stable Diffusion"}
    monkeypatch.setattr(vae_files, "_PUBLISHED", known)
    assert vae_family(file) == "SDXL"


def test_the_family_of_a_checkpoint_is_that_of_its_vae(tmp_path: Path) -> None:
    for family, expected in (("SDXL", "SDXL"), ("Stable Diffusion 1", "Stable Diffusion")):
        assert vae_family(checkpoint(tmp_path / "kl-f8-sdxl.safetensors", family)) == expected


def test_a_vae_that_seems_to_be_of_another_family_is_noticed(tmp_path: Path) -> None:
    of_xl = resolve_vae(str(write_header(tmp_path / "sdxl_vae.safetensors", VAE)))
    of_sd = resolve_vae(str(write_header(tmp_path / "vae-ft-mse.safetensors", VAE)))
    unknown = resolve_vae(str(write_header(tmp_path / "bright.safetensors", VAE)))
    one = resolve_model(str(checkpoint(tmp_path / "anime.safetensors", "Stable Diffusion 1")))
    xl = resolve_model(str(checkpoint(tmp_path / "pony.safetensors", "SDXL")))
    assert model_notices(replace(one, vae=of_xl)) == (
        "the VAE sdxl_vae.safetensors seems to be one of SDXL, but 'anime' needs one of Stable Diffusion: "
        "the pictures will have wrong colours, unless only its name is misleading",
    )
    assert model_notices(replace(xl, vae=of_sd)) == (
        "the VAE vae-ft-mse.safetensors seems to be one of Stable Diffusion, but 'pony' needs one of SDXL: "
        "the pictures will have wrong colours, unless only its name is misleading",
    )
    for choice in (replace(one, vae=of_sd), replace(xl, vae=of_xl), replace(xl, vae=unknown), xl):
        assert model_notices(choice) == ()
