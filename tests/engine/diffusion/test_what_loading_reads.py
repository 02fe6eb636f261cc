"""What loading a model opens: no more than its fingerprint covers, and whatever it is, it does no harm.

Hostile models are opened in processes that are limited and watched, see tests/campaigns/models.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from engine.errors import EngineError
from engine.models.fingerprints import identity_files, model_fingerprint
from engine.models.look import look_at
from engine.models.resolve import resolve_model
from engine.rendering.requests import ModelChoice
from tests.campaigns.models.cases import Server
from tests.campaigns.models.folders import CHANGES
from tests.support.engine.loading import load
from tests.support.engine.watching import Watch

pytestmark = pytest.mark.slow  # models are loaded again and again; `make test` runs it

ROOT = Path(__file__).parents[3]


def _fingerprint(folder: Path) -> str:
    """Return the fingerprint of a model, or why it is refused."""
    try:
        return model_fingerprint(look_at(resolve_model(str(folder))))
    except EngineError as error:
        return str(error)


@pytest.mark.parametrize("name", ["tiny", "flux", "sdxl"])
def test_one_byte_of_any_file_that_loading_opens_changes_the_fingerprint_or_is_refused(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    choice: ModelChoice = request.getfixturevalue(name)
    folder = Path(shutil.copytree(choice.path, tmp_path / "model"))
    watch = Watch([folder])
    watch.begin()
    load(ModelChoice(path=str(folder), name="model"))
    watch.end()
    opened = watch.opened | set(folder.rglob("*.safetensors")) | set(folder.rglob("tokenizer.json"))  # in native code
    assert len(opened) > 8
    assert opened <= set(identity_files(folder))
    before = _fingerprint(folder)
    for number, file in enumerate(sorted(opened)):
        whole = file.read_bytes()
        data = bytearray(whole)
        data[Random(number).randrange(min(len(data), 2000))] ^= 1
        file.write_bytes(data)
        assert _fingerprint(folder) != before, file.name
        file.write_bytes(whole)
    assert _fingerprint(folder) == before


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("cases"))
    yield found
    found.close()


@pytest.mark.parametrize("target", ["diffusers folders", "single-file checkpoints", "headers of true models"])
def test_hostile_models_execute_nothing_and_read_nothing_outside(target: str, server: Server, tmp_path: Path) -> None:
    for number in range(2 * len(CHANGES)):
        folder = tmp_path / str(number)
        folder.mkdir()
        shown = server.try_case(target, f"{target} {number}", folder)
        assert shown.faults == (), shown


@pytest.mark.parametrize(
    ("deed", "event"),
    [
        ("import pickle; pickle.loads(pickle.dumps(Watch))", "pickle.find_class"),
        ("import socket; socket.socket().connect_ex(('127.0.0.1', 9))", "socket.connect"),
        ("import socket; socket.getaddrinfo('localhost', 9)", "socket.getaddrinfo"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("import os; os.system('true')", "os.system"),
        ("open('/etc/hostname').close()", "outside"),
        ("open(folder / 'evil.py', 'a').close()", "evil.py"),
    ],
)
def test_the_watch_sees_what_no_model_may_do(tmp_path: Path, deed: str, event: str) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.support.engine.watching import Watch\n"
        "folder = Path(sys.argv[1]); watch = Watch([folder]); watch.begin()\n"
        f"{deed}\n"
        "watch.end(); print(watch.faults)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert event in found.stdout
