"""Every way in which loading fails, with the one sentence that the user reads."""

from __future__ import annotations

import errno
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
from safetensors.torch import load_file, save_file

from engine.diffusion import download, load, placement
from engine.diffusion.download import hub_folder, reported_download
from engine.diffusion.load import load_model
from engine.diffusion.main import failure_event
from engine.errors import ModelError
from engine.models.memory import GIB, Room
from engine.models.resolve import resolve_model
from engine.rendering.events import Failure
from engine.rendering.requests import LoadModel
from tests.support.engine.tiny import SETTINGS, save_tiny

pytestmark = pytest.mark.slow  # models are loaded again and again; `make test` runs it

WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_tiny(folder)
    return folder


@pytest.fixture
def tiny(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "tiny"))


def sentence_of(text: object, **more: Any) -> str:
    """Return the sentence on the screen when a model cannot be loaded."""

    def resolved_and_loaded(download: bool = False, device: str = "cpu", **others: Any) -> None:
        choice = resolve_model(str(text), download=download)
        load_model(LoadModel(model=choice, settings=SETTINGS, device=device, **others), lambda _: None)

    with pytest.raises(ModelError) as caught:
        resolved_and_loaded(**more)
    told = failure_event(-1, caught.value, Failure.CRASH)
    assert told.failure is Failure.MODEL
    assert "\n" not in told.sentence
    return told.sentence


def _index(folder: Path, **entries: object) -> None:
    file = folder / "model_index.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **entries}))


def _as_pickle(folder: Path) -> None:
    (folder / WEIGHTS).rename((folder / WEIGHTS).with_suffix(".bin"))


def _cut(folder: Path, size: int) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:size])


def _with_code(folder: Path) -> None:
    (folder / "unet" / "own_unet.py").write_text("raise SystemExit('code of the model ran')\n")
    _index(folder, unet=["own_unet", "OwnUNet"])


def _wider(folder: Path) -> None:
    file = folder / "unet" / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "block_out_channels": [8, 32]}))


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (shutil.rmtree, "there is no folder or file '{path}'"),
        (
            lambda folder: shutil.rmtree(folder / "vae"),
            "the download is not complete: the folder 'vae' is missing; {again}",
        ),
        (
            lambda folder: (folder / "unet" / "config.json").unlink(),
            "the download is not complete: unet/config.json is missing; {again}",
        ),
        (
            lambda folder: (folder / WEIGHTS).rename(folder / "unet" / "0123.incomplete"),
            "the download is not complete: 'unet' has no weights (.safetensors); {again}",
        ),
        (
            _as_pickle,
            "the weights in 'unet' are pickle files, which can run code when they are opened: "
            "get the .safetensors version of this model",
        ),
        (
            lambda folder: _index(folder, _class_name=["own_pipeline", "OwnPipeline"]),
            "'tiny' brings code of its own (own_pipeline), which is never run",
        ),
        (_with_code, "'tiny' brings code of its own (own_unet), which is never run"),
        (
            lambda folder: _cut(folder, 30),
            "diffusion_pytorch_model.safetensors is cut short or is not a safetensors file: {again}",
        ),
    ],
)
def test_a_folder_that_cannot_be_loaded(tiny: Path, harm: Callable[[Path], object], sentence: str) -> None:
    harm(tiny)
    assert sentence_of(tiny) == sentence.format(path=tiny, again="download it again")


def test_a_broken_symlink_fails_with_one_sentence(tiny: Path) -> None:
    weights = tiny / "vae" / "diffusion_pytorch_model.safetensors"
    weights.unlink()
    weights.symlink_to(tiny / "gone")
    assert sentence_of(str(tiny)) == ("diffusion_pytorch_model.safetensors cannot be read: No such file or directory")


def test_a_download_is_reported_at_intervals(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "before").write_bytes(bytes(1000))
    with reported_download("sdxl", tmp_path, told.append, seconds=0.01):
        (tmp_path / "blob").write_bytes(bytes(20_000_000))
        until = time.monotonic() + 20
        while not told[-1].endswith("0.02 GB so far") and time.monotonic() < until:
            time.sleep(0.01)
    assert told[0] == "downloading sdxl"
    assert told[-1] == "downloading sdxl: 0.02 GB so far"
    count = len(told)
    time.sleep(0.05)
    assert len(told) == count, "nothing more is told when it is over"
    assert hub_folder("stabilityai/sdxl-turbo").name == "models--stabilityai--sdxl-turbo"


def test_truncated_weights_are_reported_with_their_size(tiny: Path) -> None:
    size = (tiny / WEIGHTS).stat().st_size
    _cut(tiny, size - 1000)
    assert sentence_of(tiny) == (
        f"diffusion_pytorch_model.safetensors is cut short or damaged ({size - 1000:,} bytes do not match its header): "
        "download it again"
    )


def test_weights_of_another_architecture_fail_with_one_sentence(tiny: Path) -> None:
    _wider(tiny)
    start = "'tiny' cannot be loaded: Cannot load "
    assert sentence_of(tiny).startswith(start)


@pytest.mark.parametrize("suffix", [".ckpt", ".bin"])
def test_a_pickle_file_is_never_opened(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"model{suffix}").write_bytes(b"\x80\x04.")
    assert sentence_of(tmp_path / f"model{suffix}") == (
        f"model{suffix} is a pickle file, which can run code when it is opened: get the .safetensors version"
    )


def test_a_file_with_missing_weights(tiny: Path) -> None:
    tensors = load_file(tiny / WEIGHTS)
    name = sorted(tensors)[5]
    tensors.pop(name)
    save_file(tensors, tiny / WEIGHTS, metadata={"format": "pt"})
    assert sentence_of(tiny) == (
        f"'tiny' is damaged: some weights of 'unet' are missing ({name}, for example), download it again"
    )


def caused(error: Exception, cause: Exception) -> Exception:
    """An error that wraps another one, as the libraries do."""
    error.__cause__ = cause
    return error


_ANSWER: Any = SimpleNamespace(headers={}, request=None)
"""The parts of a response of the hub that its errors use."""


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "the disk is full: free some space, or let HF_HOME name a folder on another disk",
        ),
        (
            GatedRepoError("403", response=_ANSWER),
            "this is a gated model: accept its licence on the hub, then run `hf auth login`",
        ),
        (
            RepositoryNotFoundError("404", response=_ANSWER),
            "there is no model of this name on the hub, or it is private: check the name, or run `hf auth login`",
        ),
        (
            ConnectionError("Name or service not known"),
            "the Hugging Face hub cannot be reached: check the network connection, or name a model on this machine",
        ),
        (
            caused(OSError("Cannot load model org/model: 300 characters"), TimeoutError("timed out")),
            "the Hugging Face hub cannot be reached: check the network connection, or name a model on this machine",
        ),
        (OSError("a new error"), "a new error: check the network connection"),
    ],
)
def test_a_download_that_fails(monkeypatch: pytest.MonkeyPatch, error: Exception, why: str) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(download, "DiffusionPipeline", SimpleNamespace(download=fails))
    assert sentence_of("org/model", download=True) == f"'org/model' could not be downloaded: {why}"


def test_no_gpu(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def empty(*_: object, device: str) -> None:
        raise AssertionError(f"Torch not compiled with {device.upper()} enabled.")

    monkeypatch.setattr(torch, "empty", empty)
    assert sentence_of(tiny, device="cuda") == (
        "the device 'cuda' cannot be used here: Torch not compiled with CUDA enabled; use --device cpu, which always "
        "works"
    )


def test_a_gpu_without_enough_memory(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "free_room", lambda _: Room(gpu=GIB // 4, main=64 * GIB))
    assert sentence_of(tiny) == (
        "there is not enough memory: the weights take 0.0 GiB and a picture of this size 0.5 GiB, but 0.2 GiB are free "
        "on the GPU and 64.0 GiB in main memory: use a smaller model or size, or quantise the weights: "
        "pip install 'warmer[quantised]'"
    )


def test_a_choice_of_memory_that_needs_a_gpu(tiny: Path) -> None:
    assert sentence_of(tiny, memory="offload") == (
        "--memory offload needs a GPU: without one, all weights are in main memory"
    )


def test_too_little_main_memory(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def checked(*_: object) -> Any:
        def fails(*_: object, **__: object) -> None:
            raise MemoryError

        return SimpleNamespace(from_pretrained=fails)

    monkeypatch.setattr(load, "_checked_class", checked)
    assert sentence_of(tiny) == (
        "there is not enough memory to load 'tiny': end other programs, or choose a smaller model"
    )


def test_the_choice_of_memory_is_reported_before_anything_is_loaded(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placement, "free_room", lambda _: Room(gpu=8 * GIB, main=64 * GIB))
    stages: list[str] = []
    load_model(LoadModel(model=resolve_model(str(tiny)), settings=SETTINGS, device="cpu"), stages.append)
    assert stages == [
        "loading weights: all weights go to the GPU: they take 0.0 GiB, 8.0 GiB are free on the GPU",
    ]
