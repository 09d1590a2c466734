"""Plugins are found, and a broken one harms no other."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from impasto.effects import Category, Effect, ImageSlot, Weights, verbatim
from impasto.plugins import Plugins, load_plugins
from impasto.weights import WeightsFolder

HEAD = """
from impasto.effects import *
SLOT = ImageSlot("content", verbatim("Content"), verbatim("Send it."))
def effect(id, **more):
    return Effect(id, verbatim("T"), verbatim("D"), Category.OTHER, "m:P", (SLOT,), **more)
"""

Load = Callable[..., Plugins]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.setattr(sys, "path", [*sys.path])

    def load(**modules: str) -> Plugins:
        for name, code in modules.items():
            (tmp_path / f"{name}.py").write_text(HEAD + code)
            monkeypatch.delitem(sys.modules, name, raising=False)
        return load_plugins(tmp_path, tmp_path / "weights")

    return load


def test_the_three_plugins_of_the_house_are_found_by_their_entry_points(load: Load) -> None:
    plugins = load()
    assert {effect.id.partition(".")[0] for effect in plugins.offered()} == {"nst", "cyclegan", "superres"}
    assert plugins.broken == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ImportError('no such net')", "no such net"),
        ("raise SystemExit('this is a script')", "this is a script"),
        ("@hookimpl\ndef impasto_effects(): return [effect('Not An Id')]", "effect id 'Not An Id'"),
        ("@hookimpl\ndef impasto_efects(): return []", "impasto_efects"),
        ("@hookimpl\ndef impasto_effects(): return [effect('a.one')]", "'a.one' is offered by another"),
        ("@hookimpl\ndef impasto_effects(): return [effect('b.b', weights=('w',))]", "weights 'w'"),
    ],
    ids=["import", "script", "id", "unknown hook", "taken id", "unknown weights"],
)
def test_a_broken_plugin_is_set_aside_with_its_reason_and_the_others_run(
    load: Load, code: str, reason: str
) -> None:
    good = "@hookimpl\ndef impasto_effects(): return [effect('a.one'), effect('a.two')]"
    plugins = load(aa_good=good, bb_broken=code)
    assert {"a.one", "a.two"} <= plugins.effects.keys()
    assert "b.b" not in plugins.effects
    (broken,) = plugins.broken
    assert broken.name == "bb_broken"
    assert reason in broken.reason


def test_an_effect_whose_weights_are_missing_is_known_but_not_offered(load: Load, tmp_path: Path) -> None:
    code = """
@hookimpl
def impasto_weights(): return [Weights("w", verbatim("net"), ("package:no/w.pth", "file:w.pth"), 4, "MIT")]
@hookimpl
def impasto_effects(): return [effect('w.needy', weights=("w",))]
"""
    plugins = load(needy=code)
    effect = plugins.effects["w.needy"]
    assert [weights.name for weights in plugins.missing(effect)] == ["w"]
    assert effect not in plugins.offered()
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "w.pth").write_bytes(b"1234")
    assert plugins.located(effect) == {"w": tmp_path / "weights" / "w.pth"}
    assert effect in plugins.offered()
    (tmp_path / "weights" / "w.pth").unlink()
    assert effect not in plugins.offered(), "what was removed is not offered any more"


def test_weights_in_a_package_are_found_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "heavy" / "data").mkdir(parents=True)
    (tmp_path / "heavy" / "__init__.py").write_text("raise AssertionError('imported')")
    (tmp_path / "heavy" / "data" / "net.pth").write_bytes(b"1")
    monkeypatch.syspath_prepend(tmp_path)
    weights = Weights("v", verbatim("v"), ("package:heavy/data/net.pth",), 1, "MIT")
    assert WeightsFolder(tmp_path).locate(weights) == tmp_path / "heavy" / "data" / "net.pth"


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "x" * 30 + ".y" * 10},
        {"processor": "no class"},
        {"slots": ()},
        {"slots": (ImageSlot("a", verbatim("A"), verbatim("A")),) * 2},
    ],
)
def test_an_effect_that_could_not_work_cannot_be_made(wrong: dict[str, object]) -> None:
    right = {
        "id": "p.q",
        "title": verbatim("T"),
        "description": verbatim("D"),
        "category": Category.OTHER,
        "processor": "m:P",
        "slots": (ImageSlot("a", verbatim("A"), verbatim("A")),),
    }
    Effect(**right)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"."):
        Effect(**right | wrong)  # type: ignore[arg-type]
