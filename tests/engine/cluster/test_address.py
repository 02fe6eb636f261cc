"""Which cluster and which token `--ray` means, and what it refuses before anything is connected to."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from engine.cluster import address, client
from engine.cluster.address import Cluster, cluster_of
from engine.cluster.client import cluster_renderer
from engine.cluster.local_head import Head
from engine.errors import InvalidRequestError
from engine.options import Options
from engine.renderers import choice_of, renderer_for
from engine.worker.client import WorkerRenderer
from tests.support.engine.folders import empty_home

NO_TOKEN = (
    "no token for the Ray cluster was found, and warmer uses no cluster without one, because whoever reaches such a "
    "cluster can run programs on it: set RAY_AUTH_TOKEN_PATH to the file of its token, or put it into ~/.ray/auth_token"
)
NO_CLUSTER = (
    "no Ray cluster was found on this machine: start one with `warmer ray up`, or name one with --ray HOST:PORT"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("RAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    return empty_home(tmp_path, monkeypatch)


def token_in(path: Path, text: str = "secret\n") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def refusal(text: str) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        cluster_of(text)
    return str(caught.value)


def test_the_token_is_where_ray_looks_for_it(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal("gpu-1:6379") == NO_TOKEN
    path = token_in(home / ".ray" / "auth_token")
    assert cluster_of("gpu-1:6379") == Cluster(host="gpu-1", port=6379, token_path=path)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", token_in(tmp_path / "empty", "\n"))
    assert refusal("gpu-1:6379") == NO_TOKEN
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", token_in(tmp_path / "own"))
    assert cluster_of("gpu-1:6379").token_path == str(tmp_path / "own")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    assert cluster_of("gpu-1:6379") == Cluster(host="gpu-1", port=6379)


@pytest.mark.parametrize("text", ["gpu-1", "ray://gpu-1:10001", "gpu-1:0", "gpu-1:65536", "", "gpu 1:80", "-x"])
def test_what_is_no_address(text: str) -> None:
    assert refusal(text) == (
        f"--ray takes auto or the address of the head node, HOST:PORT, as `ray start` printed it; found {text!r}"
    )


def test_auto_is_the_cluster_that_this_machine_belongs_to(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_in(home / ".ray" / "auth_token")
    assert refusal("auto") == NO_CLUSTER
    token_in(tmp_path / "ray" / "ray_current_cluster", "10.0.0.7:6379\n")
    assert cluster_of("auto").address == "10.0.0.7:6379"
    monkeypatch.setenv("RAY_ADDRESS", "[fd00::7]:6379")
    assert cluster_of("auto").address == "[fd00::7]:6379"


def test_an_address_that_a_different_user_wrote_is_not_sent_our_token(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_in(home / ".ray" / "auth_token")
    token_in(tmp_path / "ray" / "ray_current_cluster", "10.0.0.7:6379")
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    theirs = os.stat_result((stat.S_IFREG | 0o600, 0, 0, 1, 4712, 0, 13, 0, 0, 0))
    monkeypatch.setattr(os, "fstat", lambda _: theirs)
    assert refusal("auto") == NO_CLUSTER


def test_the_cluster_of_this_machine_comes_first_with_its_own_token(monkeypatch: pytest.MonkeyPatch) -> None:
    head = Head(address="127.0.0.1:4000", token_path="/state/ray-token", folder="/tmp/x", pid=1, created=0.0)
    monkeypatch.setattr(address, "running_head", lambda: head)
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.7:6379")
    expected = Cluster(host="127.0.0.1", port=4000, token_path="/state/ray-token")
    assert cluster_of("auto") == cluster_of("127.0.0.1:4000") == expected
    assert refusal("10.0.0.7:6379") == NO_TOKEN


def test_the_environment_of_ray() -> None:
    far = Cluster(host="gpu-1", port=6379)
    assert far.environment() == {"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0"}
    assert Cluster(host="127.0.0.1", port=6379, token_path="/t").environment() == {
        **far.environment(),
        "RAY_AUTH_TOKEN": "",
        "RAY_AUTH_TOKEN_PATH": "/t",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }


def test_a_device_of_one_machine_is_refused(home: Path) -> None:
    token_in(home / ".ray" / "auth_token")
    with pytest.raises(InvalidRequestError) as caught:
        cluster_renderer("gpu-1:6379", ("cuda:0", "cuda:1"))
    assert str(caught.value) == (
        "--device cuda:0,cuda:1 cannot be combined with --ray, which gives each worker a GPU of its own: leave out "
        "--device, or say --device cpu"
    )


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "find_spec", lambda _: None)
    with pytest.raises(InvalidRequestError) as caught:
        renderer_for(choice_of(Options(ray="auto")))
    assert str(caught.value) == "Ray is not installed: run pip install 'warmer[ray]'"


def test_a_worker_that_stays_is_not_asked_for_what_is_wrong() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        renderer_for(choice_of(Options(ray="gpu-1:6379", keep_alive=60.0)))
    assert str(caught.value) == NO_TOKEN


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(), ""),
        (Options(device="cpu"), "cpu"),
        (Options(strict=True), "strict"),
        (Options(strict=True, device="cpu"), "strict,cpu"),
    ],
)
def test_the_driver_is_told_what_was_chosen(home: Path, options: Options, words: str) -> None:
    path = token_in(home / ".ray" / "auth_token")
    renderer = renderer_for(choice_of(Options(ray="gpu-1:6379", device=options.device, strict=options.strict)))
    assert isinstance(renderer, WorkerRenderer)
    worker = "engine.diffusion.main"
    assert renderer._program == ("engine.cluster.main", "gpu-1", "6379", path, words, worker)
    renderer.close()
