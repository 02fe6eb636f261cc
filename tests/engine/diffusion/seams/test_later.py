"""Canary: stand-ins give way to what they stand for, whoever asks, and do what it would have done."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path

import pytest

from engine.diffusion.seams import later
from tests.support.engine.workers import ROOT

START = "import sys, torch\nfrom engine.diffusion.seams.later import StandIn, import_now, stand_in\nstand_in()\n"


def run(code: str) -> str:
    """Run code in a fresh interpreter with stand-ins, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", START + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_libraries_need_no_more_than_the_tables_say() -> None:
    assert (
        run("""
        import diffusers, transformers
        from diffusers import FluxPipeline, StableDiffusionPipeline, StableDiffusionXLPipeline
        from diffusers.schedulers import DEISMultistepScheduler, LMSDiscreteScheduler, SASolverScheduler
        from transformers import CLIPTextModel, T5EncoderModel
        from engine.diffusion.seams.later import _NAMES
        print([name for name in _NAMES if not isinstance(sys.modules[name], StandIn)])
        """)
        == "[]"
    )


def test_the_tables_were_made_for_the_installed_torch() -> None:
    assert version("torch").startswith(later.TRIED_WITH)


def test_with_another_torch_nothing_stands_in_for_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "version", lambda _: "2.14.0")
    monkeypatch.delitem(sys.modules, "scipy.optimize", raising=False)
    finders = list(sys.meta_path)
    later.stand_in()
    assert "scipy.optimize" not in sys.modules
    assert sys.meta_path == finders


@pytest.mark.parametrize(("module", "names"), later._NAMES.items())
def test_every_name_of_the_tables_exists(module: str, names: tuple[str, ...]) -> None:
    real = later.import_now(module)
    assert [name for name in names if not hasattr(real, name)] == []


def test_what_is_used_is_imported_once() -> None:
    assert (
        run("""
        from diffusers.schedulers.scheduling_unipc_multistep import scipy as of_diffusers
        import scipy.linalg
        print(scipy.linalg.inv([[2.0]])[0, 0], of_diffusers.stats.beta.ppf(0.5, 1.0, 1.0))
        from scipy import stats
        print(stats is sys.modules["scipy.stats"], stats.__spec__.name)
        from peft.tuners.lora import LoraLayer
        import peft
        print(peft.tuners.lora.LoraLayer is LoraLayer, issubclass(peft.LoraConfig, peft.PeftConfig))
        import torch.distributed.fsdp.api
        from torch.distributed.tensor import DTensor
        print(torch.distributed.tensor.DTensor is DTensor, torch._dynamo.config is sys.modules["torch._dynamo.config"])
        print([name for name, module in sys.modules.items() if isinstance(module, StandIn)])
        """)
        == "0.5 0.5\nTrue scipy.stats\nTrue True\nTrue True\n[]"
    )


def test_classes_are_compared_with_once_they_are_there() -> None:
    assert (
        run("""
        from diffusers.loaders.lora_base import BaseTunerLayer
        from diffusers.utils.torch_utils import is_compiled_module
        layer = torch.nn.Linear(2, 2)
        print(isinstance(layer, BaseTunerLayer), is_compiled_module(layer))
        print(issubclass(type(layer), BaseTunerLayer))
        from peft import LoraConfig, inject_adapter_in_model
        model = inject_adapter_in_model(LoraConfig(target_modules=["0"]), torch.nn.Sequential(layer))
        print(isinstance(model[0], BaseTunerLayer), isinstance(layer, BaseTunerLayer))
        print(is_compiled_module(torch.compile(layer)), is_compiled_module(layer))
        print(issubclass(type(model[0]), BaseTunerLayer), issubclass(type(layer), BaseTunerLayer))
        """)
        == "False False\nFalse\nTrue False\nTrue False\nTrue False"
    )


def test_what_was_marked_for_the_compiler_is_marked_when_it_is_imported() -> None:
    assert (
        run("""
        from torch._dynamo import allow_in_graph, assume_constant_result
        @assume_constant_result
        def constant():
            return 1
        @allow_in_graph
        def allowed(x):
            return x + constant()
        @torch.compiler.disable
        def first(x):
            return torch.compiler.is_compiling()
        @torch.compiler.disable(recursive=False)
        def second(x):
            return torch.compiler.is_compiling()
        print(first(1), second(1), hasattr(constant, "_dynamo_marked_constant"))
        from torch._dynamo.trace_rules import is_callable_allowed
        def compiled(x):
            return first(x), second(x), torch.compiler.is_compiling()
        print(torch.compile(compiled, backend="eager")(torch.ones(1)))
        print(constant._dynamo_marked_constant, is_callable_allowed(allowed))
        """)
        == "False False False\n(False, False, True)\nTrue True"
    )


def test_instances_that_were_made_early_are_those_of_the_class() -> None:
    assert (
        run("""
        from torch.distributed.tensor import Shard
        early = Shard(1)
        print(type(sys.modules["torch.distributed.tensor"]).__name__)
        print(early.dim, isinstance(early, import_now("torch.distributed.tensor").Shard), Shard(2).dim)
        """)
        == "StandIn\n1 True 2"
    )


def test_what_is_imported_already_stays() -> None:
    assert (
        run("""
        import_now("scipy")
        import scipy.stats
        stand_in()
        print(isinstance(sys.modules["scipy"], StandIn), isinstance(sys.modules["scipy.stats"], StandIn))
        print(isinstance(sys.modules["peft"], StandIn))
        """)
        == "False False\nTrue"
    )


def test_two_threads_that_import_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """One imports a module that needs a stand-in, the other the package of a stand-in, which needs that module."""
    (tmp_path / "middle.py").write_text(
        "import meeting\nmeeting.began.set()\nmeeting.other.wait()\nmeeting.use('scipy')\n"
    )
    (tmp_path / "meeting.py").write_text(
        textwrap.dedent("""
        import importlib, sys, threading
        from importlib.machinery import ModuleSpec
        from engine.diffusion.seams import later

        began, other, real, use = threading.Event(), threading.Event(), importlib.import_module, later.import_now

        def import_module(name):
            if name == "peft":
                other.set()
                real("middle")
            return sys.modules.get(name)

        def main():
            for name in ("peft", "scipy"):
                sys.modules[name] = later.StandIn(name, ModuleSpec(name, None, is_package=True))
            importlib.import_module = import_module
            first = threading.Thread(target=lambda: real("middle"), daemon=True)
            first.start()
            began.wait()
            second = threading.Thread(target=use, args=("peft",), daemon=True)
            second.start()
            for thread in (first, second):
                thread.join(10)
                print(thread.is_alive())
        """)
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    command = [sys.executable, "-c", "import meeting; meeting.main()"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "False"]
