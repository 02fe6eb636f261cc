"""`warmer ray` without Ray: what it says, prints and refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.cluster import client
from engine.cluster.address import Cluster
from engine.cluster.local_head import Head
from engine.cluster.status import ClusterStatus, NodeStatus, WorkerStatus
from engine.errors import InvalidRequestError
from engine.fake import FakeRenderer
from tui.cli import run_command
from tui.commands import ray

HEAD = Head(address="127.0.0.1:4000", token_path="/state/ray-token", folder="/tmp/x", pid=1, created=0.0)
STATUS = ClusterStatus(
    address="10.0.0.7:6379",
    nodes=(
        NodeStatus(name="host-7", address="10.0.0.7", gpus=0, cpus=16),
        NodeStatus(name="host-8", address="10.0.0.8", gpus=2, cpus=32),
    ),
    workers=(
        WorkerStatus(node="host-8", devices="0", model="sdxl", version="0.1.0"),
        WorkerStatus(node="host-8", devices="1", model="", version="0.1.0"),
    ),
)


@dataclass
class FakeRay:
    """Stands in for the cluster of this machine."""

    heads: list[Head] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def running(self) -> Head | None:
        return self.heads[0] if self.heads else None

    def start(self) -> Head:
        self.heads.append(HEAD)
        return HEAD

    def stop(self, head: Head) -> None:
        self.heads.remove(head)

    def cluster(self, address: str) -> Cluster:
        self.asked.append(address)
        return Cluster(host="10.0.0.7", port=6379)


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    fake = FakeRay()
    for name, stand_in in (("running_head", fake.running), ("start_head", fake.start), ("stop_head", fake.stop)):
        monkeypatch.setattr(ray, name, stand_in)
    monkeypatch.setattr(ray, "cluster_of", fake.cluster)
    monkeypatch.setattr(ray, "status_of", lambda _: STATUS)
    monkeypatch.setattr(ray, "check_installed", lambda: None)
    return fake


def run(*words: str) -> int:
    return run_command("ray", list(words), FakeRenderer)


def test_up_and_down(capsys: pytest.CaptureFixture[str], fake: FakeRay) -> None:
    assert run("up") == 0
    assert capsys.readouterr() == (
        "127.0.0.1:4000\n",
        "starting Ray on this machine, which takes some seconds\n"
        "the Ray cluster of this machine is ready: use it by --ray auto, stop it by warmer ray down\n",
    )
    assert run("up", "--json") == 0
    again = capsys.readouterr()
    assert json.loads(again.out) == {"address": "127.0.0.1:4000"}
    assert again.err == "the Ray cluster of this machine runs already\n"
    assert len(fake.heads) == 1
    assert run("down") == 0
    assert capsys.readouterr() == ("", "the Ray cluster of this machine is stopped\n")
    assert run("down") == 0
    assert capsys.readouterr() == ("", "no Ray cluster runs that warmer ray up has started\n")


@pytest.mark.parametrize("action", ["up", "down"])
def test_only_status_takes_an_address(fake: FakeRay, action: str) -> None:
    fake.start()
    with pytest.raises(InvalidRequestError) as caught:
        run(action, "10.0.0.7:6379")
    assert str(caught.value) == (
        f"`warmer ray {action}` is for the cluster of this machine alone, found the address '10.0.0.7:6379': "
        "leave it out, or look at that cluster with `warmer ray status`"
    )
    assert fake.heads == [HEAD], "nothing is started or stopped"


def test_quiet_shows_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    run("up", "--quiet")
    assert capsys.readouterr().err == (
        "the Ray cluster of this machine is ready: use it by --ray auto, stop it by warmer ray down\n"
    )


def test_status_for_a_person(capsys: pytest.CaptureFixture[str], fake: FakeRay) -> None:
    assert run("status") == 0
    assert fake.asked == ["auto"]
    assert capsys.readouterr().out.splitlines() == [
        "10.0.0.7:6379, which asks for a token",
        "",
        "node    address   gpus  cpus  worker",
        "host-7  10.0.0.7     0    16  none",
        "host-8  10.0.0.8     2    32  sdxl on GPU 0, no model on GPU 1",
    ]


def test_status_for_a_script(capsys: pytest.CaptureFixture[str], fake: FakeRay) -> None:
    assert run("status", "10.0.0.7:6379", "--json") == 0
    assert fake.asked == ["10.0.0.7:6379"]
    assert json.loads(capsys.readouterr().out) == {
        "address": "10.0.0.7:6379",
        "tokens": True,
        "nodes": [
            {"name": "host-7", "address": "10.0.0.7", "gpus": 0, "cpus": 16},
            {"name": "host-8", "address": "10.0.0.8", "gpus": 2, "cpus": 32},
        ],
        "workers": [
            {"node": "host-8", "devices": "0", "model": "sdxl", "version": "0.1.0"},
            {"node": "host-8", "devices": "1", "model": "", "version": "0.1.0"},
        ],
    }


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "check_installed", client.check_installed)
    monkeypatch.setattr(client, "find_spec", lambda _: None)
    with pytest.raises(InvalidRequestError) as caught:
        run("up")
    assert str(caught.value) == "Ray is not installed: run pip install 'warmer[ray]'"


def test_its_help_keeps_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--help")
    assert "Start, show and stop a Ray cluster of this machine" in capsys.readouterr().out


def test_a_word_that_is_no_action(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run("upp")
    assert caught.value.code == 2
    assert "'upp'" in capsys.readouterr().err


def test_the_state_of_a_head_that_has_ended_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.cluster import local_head

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = tmp_path / "warmer" / "ray.json"
    assert local_head.running_head() is None
    file.parent.mkdir()
    for text in ("[]", '{"pid": 1}', json.dumps({**HEAD_STATE, "pid": 2**22 + 1}), json.dumps(HEAD_STATE)):
        file.write_text(text)
        assert local_head.running_head() is None, "of the last one, the process began at a different time"


HEAD_STATE = {"address": "127.0.0.1:1", "token_path": "/t", "folder": "/f", "pid": 1, "created": 0.0}
