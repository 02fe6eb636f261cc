"""The first messages: what they look like, what is refused, and how a worker that does not fit is told apart."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import KeptWorkerError
from engine.kept import peers
from engine.kept.greeting import FOREVER, Answer, Greeting, Wants
from engine.kept.hello import Hello, code_digest, difference, hello_of
from engine.kept.lines import MAX_BYTES, receive_object, send_object
from engine.kept.peers import check_peer, peer_uid
from latentpng.record import Json

HELLO = Hello(protocol=1, version="1", code="c", python="/p", environment=(("HOME", "/h"),))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["wants", "hello", "keep_alive", "protocol", "devices", "environment", "reason", "pid"])


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    far.settimeout(5.0)
    with near, far:
        yield near, far


def refusal(ends: tuple[socket.socket, socket.socket], data: bytes) -> str:
    near, far = ends
    near.sendall(data)
    near.shutdown(socket.SHUT_WR)
    with pytest.raises(ConnectionResetError) as caught:
        receive_object(far)
    return str(caught.value)


def test_a_first_message_arrives_whole_and_nothing_behind_it_is_read(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    near, far = ends
    send_object(near, {"a": [1, "é"]})
    near.sendall(b"frame")
    assert receive_object(far) == {"a": [1, "é"]}
    assert far.recv(9) == b"frame"


def test_every_truncation_of_a_first_message_is_the_end_of_the_connection() -> None:
    near, far = socket.socketpair()
    with near, far:
        send_object(near, HELLO.to_json())
        data = far.recv(4096)
    for end in range(len(data)):
        near, far = socket.socketpair()
        with near, far:
            far.settimeout(5.0)
            assert refusal((near, far), data[:end]) == "the other end of the connection is gone"


def test_what_is_no_json_object_or_too_long_is_refused(ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    near.sendall(struct.pack(">I", MAX_BYTES + 1))
    with pytest.raises(KeptWorkerError, match=r"^a first message of 65,537 bytes: at most 65,536 are allowed$"):
        receive_object(far)
    for text, sentence in (
        (b"nonsense", "the first message is no JSON"),
        (b"[" * 60_000, "the first message is no JSON"),
        (b"\xff\xfe\xfd\xfc", "the first message is no JSON"),
        (b"[1]", "the first message is no JSON object"),
    ):
        near.sendall(struct.pack(">I", len(text)) + text)
        with pytest.raises(KeptWorkerError) as caught:
            receive_object(far)
        assert str(caught.value) == sentence


def test_half_a_message_is_waited_for_no_longer_than_the_timeout(ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    far.settimeout(0.01)
    near.sendall(b"\x00\x00")
    with pytest.raises(TimeoutError):
        receive_object(far)


def test_a_message_that_comes_byte_by_byte_is_waited_for_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("engine.kept.lines.time.monotonic", lambda: now[0])

    class Slow(socket.socket):
        def recv(self, size: int, flags: int = 0) -> bytes:
            now[0] += 9.0
            return super().recv(min(size, 1), flags)

    near, far = socket.socketpair()
    with near, Slow(fileno=far.detach()) as slow:
        slow.settimeout(10.0)
        send_object(near, {})
        with pytest.raises(TimeoutError, match=r"^timed out$"):
            receive_object(slow)
        assert slow.gettimeout() == 10.0


def test_what_is_no_text_in_a_greeting_counts_as_missing() -> None:
    nested: Json = []
    for _ in range(2000):
        nested = [nested]
    values = {**HELLO.to_json(), "version": nested, "devices": [nested, "a"], "environment": {"HOME": nested}}
    found = Hello.from_json(values)
    assert (found.version, found.devices, found.environment) == ("", ("", "a"), (("HOME", ""),))


@pytest.mark.parametrize("seconds", [0.0, 2.5, FOREVER])
@pytest.mark.parametrize("wants", list(Wants))
def test_a_greeting_is_read_as_it_was_written(wants: Wants, seconds: float) -> None:
    greeting = Greeting(wants=wants, hello=hello_of(("a", "b"), "auto", strict=True), keep_alive=seconds)
    assert Greeting.from_json(greeting.to_json()) == greeting


def test_an_answer_is_read_as_it_was_written() -> None:
    for answer in (Answer(reason="", pid=3), Answer(reason="no", pid=4)):
        assert Answer.from_json(answer.to_json()) == answer


@given(st.dictionaries(KEYS, JSON, max_size=4))
def test_only_our_own_error_comes_of_any_greeting_or_answer(values: dict[str, Json]) -> None:
    wants: dict[str, Json] = {"wants": "render", "hello": values, "keep_alive": 1.0}
    for read, given_ in ((Greeting.from_json, values), (Greeting.from_json, wants), (Answer.from_json, values)):
        with contextlib.suppress(KeptWorkerError):
            read(given_)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), "10", [], 10**400, -(10**400)])
def test_a_greeting_with_a_time_that_is_none_is_refused(seconds: Json) -> None:
    values = {**Greeting(wants=Wants.RENDER, hello=HELLO).to_json(), "keep_alive": seconds}
    with pytest.raises(KeptWorkerError, match=r"^the first message names no time for which the worker is to stay$"):
        Greeting.from_json(values)


@pytest.mark.parametrize(
    ("theirs", "sentence"),
    [
        (HELLO, ""),
        (replace(HELLO, protocol=2), "it is of version 1, and this program of 1"),
        (replace(HELLO, version="2"), "it is of version 2, and this program of 1"),
        (replace(HELLO, version=""), "it is of version ?, and this program of 1"),
        (replace(HELLO, python="/q"), "it runs in /q, and this program in /p"),
        (replace(HELLO, code="d"), "the files of warmer have changed since it was started"),
        (replace(HELLO, devices=("a", "b")), "it renders on a, b, and this program asks for one device"),
        (replace(HELLO, ray="auto"), "it renders on the Ray cluster auto, and this program asks for one device"),
        (replace(HELLO, strict=True), "it was started with --strict"),
        (replace(HELLO, environment=()), "the environment variable HOME has a different value"),
        (
            replace(HELLO, environment=(("CUDA_VISIBLE_DEVICES", "1"), ("HOME", "/h"))),
            "the environment variable CUDA_VISIBLE_DEVICES has a different value",
        ),
    ],
)
def test_a_worker_that_does_not_fit_is_told_by_what_differs(theirs: Hello, sentence: str) -> None:
    assert difference(HELLO, theirs) == sentence
    assert bool(difference(theirs, HELLO)) == bool(sentence)


def test_the_digest_of_the_code_changes_with_every_name_size_and_time(tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    file = tmp_path / "engine" / "a.py"
    file.write_text("1")
    os.utime(file, (1, 1))
    found = [code_digest(tmp_path)]
    os.utime(file, (1, 2))
    found.append(code_digest(tmp_path))
    file.write_text("22")
    os.utime(file, (1, 2))
    found.append(code_digest(tmp_path))
    file.rename(file.with_name("b.py"))
    found.append(code_digest(tmp_path))
    (tmp_path / "engine" / "__pycache__").mkdir()
    (tmp_path / "engine" / "__pycache__" / "b.pyc").write_bytes(b"")
    assert len(set(found)) == 4
    assert code_digest(tmp_path) == found[-1]


def test_one_device_is_named_by_the_requests_and_several_by_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    one = hello_of(("cuda:0",), strict=True)
    assert (one.devices, one.strict) == ((), False)
    assert dict(one.environment)["CUDA_VISIBLE_DEVICES"] == "3"
    assert one == hello_of()
    assert hello_of(("a", "b"), strict=True) == replace(one, devices=("a", "b"), strict=True)
    assert hello_of(ray="auto", strict=True) == replace(one, ray="auto", strict=True)
    assert hello_of(("auto",), ray="auto") == replace(one, ray="auto")
    assert hello_of(("cpu",), ray="auto") == replace(one, ray="auto", devices=("cpu",))


def test_variables_of_ray_count_for_a_worker_on_a_cluster_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAY_ADDRESS", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_TMPDIR"):
        monkeypatch.delenv(name, raising=False)
        here, there = hello_of(), hello_of(ray="auto")
        monkeypatch.setenv(name, "different")
        assert difference(here, hello_of()) == ""
        assert difference(there, hello_of(ray="auto")) == f"the environment variable {name} has a different value"
    assert "different" not in dict(hello_of(ray="auto").environment)["RAY_AUTH_TOKEN"]


def test_a_token_is_compared_and_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    one = hello_of()
    assert "hf_secret" not in str(one.to_json())
    monkeypatch.setenv("HF_TOKEN", "hf_different")
    assert difference(one, hello_of()) == "the environment variable HF_TOKEN has a different value"


def test_the_user_at_the_other_end_is_the_one_that_the_kernel_names(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert peer_uid(ends[0]) == os.getuid()
    check_peer(ends[0])
    monkeypatch.setattr(peers, "peer_uid", lambda _: os.getuid() + 1)
    with pytest.raises(KeptWorkerError) as caught:
        check_peer(ends[0])
    assert str(caught.value) == (
        f"the process at the other end of the socket belongs to the user {os.getuid() + 1}, not to this one"
    )


def test_a_system_that_does_not_say_whose_the_other_end_is() -> None:
    near, far = socket.socketpair()
    near.close()
    far.close()
    with pytest.raises(KeptWorkerError, match=r"^the system does not say which user is at the other end"):
        check_peer(near)


def test_the_form_of_macos_and_the_bsds_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    class Connection:
        def getsockopt(self, level: int, option: int, size: int) -> bytes:
            assert (level, option, size) == (0, 1, 76)
            return struct.pack("=IIh2x16I", 0, 501, 1, *range(16))

    monkeypatch.delattr(socket, "SO_PEERCRED", raising=False)
    assert peer_uid(Connection()) == 501  # type: ignore[arg-type]  # all that is asked of a socket
