"""The seal around loading, and what it assumes of torch, pickle and the interpreter."""

from __future__ import annotations

import io
import pickle
import socket
from pathlib import Path
from threading import Thread
from typing import Any

import diffusers.models.model_loading_utils
import pytest
import torch
import transformers.modeling_utils

from engine.diffusion.seams.sealed import forbidden_in, sealed
from engine.errors import ForbiddenError, ModelError

PICKLE = "loading the model would open a pickle file, which can run code: get its .safetensors version"
NETWORK = "loading the model would reach for the network, which is never done"
PICKLED = pickle.dumps(Path)


class _OfPython(pickle._Unpickler):
    """The implementation in Python, which torch derives its own from."""


@pytest.mark.parametrize("unpickle", [pickle.Unpickler, _OfPython])
def test_nothing_is_unpickled_while_a_model_is_loaded(unpickle: Any) -> None:
    assert unpickle(io.BytesIO(PICKLED)).load() is Path
    with pytest.raises(ForbiddenError) as caught, sealed():
        unpickle(io.BytesIO(PICKLED)).load()
    assert str(caught.value) == PICKLE
    assert unpickle(io.BytesIO(PICKLED)).load() is Path


@pytest.mark.parametrize("more", [{}, {"weights_only": True}, {"weights_only": False}])
def test_torch_loads_no_pickle_file(tmp_path: Path, more: dict[str, Any]) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "a.bin")
    with pytest.raises(ForbiddenError, match="pickle"), sealed():
        torch.load(tmp_path / "a.bin", **more)
    assert torch.load(tmp_path / "a.bin").keys() == {"a"}


@pytest.mark.parametrize(
    "load", [diffusers.models.model_loading_utils.load_state_dict, transformers.modeling_utils.load_state_dict]
)
def test_the_loaders_of_the_libraries_are_stopped_whatever_they_make_of_it(tmp_path: Path, load: Any) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "a.bin")
    load(str(tmp_path / "a.bin"))
    with pytest.raises(ForbiddenError) as caught, sealed():
        load(str(tmp_path / "a.bin"))
    assert str(caught.value) == PICKLE


def test_nothing_connects() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(ForbiddenError) as caught, sealed():
        socket.create_connection(server.getsockname())
    assert str(caught.value) == NETWORK
    with pytest.raises(ForbiddenError, match="network"), sealed():
        socket.getaddrinfo("localhost", 80)


def test_only_the_named_files_of_the_folder_are_opened(tmp_path: Path) -> None:
    folder, beside = tmp_path / "model", tmp_path / "model-2"
    folder.mkdir()
    for path in (folder / "config.json", folder / "evil.py", beside):
        path.touch()
    with sealed([folder], [folder / "config.json"]):
        (folder / "config.json").read_bytes()
        beside.read_bytes()
        with pytest.raises(ForbiddenError) as caught:
            (folder / "." / "evil.py").read_bytes()
    assert str(caught.value) == "loading the model would open evil.py, which belongs to no model"
    (folder / "evil.py").read_bytes()


def test_other_threads_go_on() -> None:
    found: list[object] = []
    with sealed():
        thread = Thread(target=lambda: found.append(pickle.loads(PICKLED)))
        thread.start()
        thread.join()
    assert found == [Path]


def test_an_error_of_ours_is_found_behind_others() -> None:
    ours = ForbiddenError("ours")
    try:
        try:
            raise ours
        except ForbiddenError:
            raise OSError("a library's") from None
    except OSError as error:
        wrapped = ModelError("wrapped")
        wrapped.__cause__ = error
    assert forbidden_in(wrapped) is ours
    assert forbidden_in(OSError()) is None
