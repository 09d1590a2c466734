"""Networks that the owner puts into the folder `cyclegan` of the weights folder."""

import logging
from pathlib import Path

import pytest
import torch

from impasto.effects import verbatim
from impasto.engine.base import Failed, FailureKind, Finished, InputPicture, Task
from impasto.engine.runner import EffectRunner, RunnerSettings
from impasto.engine.work import Work
from impasto.plugins import Plugins, load_plugins
from tests.pictures import photo
from tests.plugins.test_cyclegan_generators import NORMS, PlainResnet, PlainUnet, trained

NOWHERE = Path("/nonexistent")


def put(folder: Path, name: str, content: str) -> None:
    """A TOML file."""
    path = folder / "cyclegan" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")


def put_network(folder: Path, name: str, network: torch.nn.Module | None = None) -> None:
    path = folder / "cyclegan" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(trained(network or PlainResnet(NORMS["instance"], 6)).state_dict(), path)


def own(plugins: Plugins) -> list[str]:
    return [effect.id for effect in plugins.offered() if effect.id.startswith("cyclegan.own-")]


def run(plugins: Plugins, effect: str) -> Finished | Failed:
    runner = EffectRunner(plugins, "cpu", RunnerSettings(1_000_000))
    task = Task("1", 1, effect, {}, {"content": (InputPicture(photo()),)}, ())
    work = Work(runner, task, lambda: False, lambda _event: None)
    work.decode()
    work.compute()
    return work.encode()


def test_a_network_with_a_title_beside_it_is_an_effect(tmp_path: Path) -> None:
    put_network(tmp_path, "night.pth")
    put(tmp_path, "night.toml", 'title = "Day to night"')
    plugins = load_plugins(NOWHERE, tmp_path)
    effect = plugins.effects["cyclegan.own-night"]
    assert effect.title == verbatim("Day to night")
    assert effect.defaults() == {"size": "usual"}
    assert isinstance(run(plugins, effect.id), Finished)


def test_what_training_leaves_behind_works_where_it_is(tmp_path: Path) -> None:
    put_network(tmp_path, "maps/latest_net_G.pth", PlainUnet(NORMS["batch"], 6))
    put(tmp_path, "maps/effect.toml", 'title = "Map to photo"\nkeep_details = false')
    put_network(tmp_path, "apples/latest_net_G_A.pth")
    put_network(tmp_path, "apples/latest_net_G_B.pth")
    put(tmp_path, "apples/effect.toml", 'title = "Apple to orange"')
    put(tmp_path, "apples/back.toml", 'title = "Orange to apple"\nfile = "latest_net_G_B.pth"')
    plugins = load_plugins(NOWHERE, tmp_path)
    assert own(plugins) == ["cyclegan.own-apples-back", "cyclegan.own-apples", "cyclegan.own-maps"]
    for effect in own(plugins):
        assert isinstance(run(plugins, effect), Finished)


def test_all_that_can_be_said_of_a_network(tmp_path: Path) -> None:
    put_network(tmp_path, "latest_net_G.pth")
    put(
        tmp_path,
        "night.toml",
        'file = "latest_net_G.pth"\ntitle = "Night"\ndescription = "Dark."\nemoji = "🌙"\nsize = 400\n',
    )
    effect = load_plugins(NOWHERE, tmp_path).effects["cyclegan.own-night"]
    assert (effect.title, effect.description) == (verbatim("Night"), verbatim("Dark."))
    assert effect.emoji == "🌙"
    (size,) = effect.options
    assert [choice.value for choice in size.choices] == ["256", "400", "512", "768", "1024", "full"]
    assert effect.defaults() == {"size": "400"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "title"),
        ('title = ""', "title"),
        ("title = 3", "title"),
        ('title = "Night', "Unterminated string"),
        ('title = "Night"\nsize = "big"', "size"),
        ('title = "Night"\nsise = 512', "sise"),
        ('title = "Night"\nfile = "../../etc/passwd"', "file"),
        ('title = "Night"\nfile = "day.pth"', "day.pth"),
        ('title = "Night"', "night.pth or night.safetensors"),
    ],
)
def test_a_wrong_description_is_named_in_the_log_and_stops_no_other_effect(
    content: str, reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put_network(tmp_path, "good.pth")
    put(tmp_path, "good.toml", 'title = "Good"')
    put(tmp_path, "night.toml", content)
    with caplog.at_level(logging.WARNING):
        plugins = load_plugins(NOWHERE, tmp_path)
    assert own(plugins) == ["cyclegan.own-good"]
    assert "cyclegan.vintage" in plugins.effects
    (warning,) = [record.getMessage() for record in caplog.records]
    assert "night.toml" in warning
    assert reason in warning


def test_a_file_that_is_no_generator_fails_with_a_sentence_when_it_is_chosen(tmp_path: Path) -> None:
    put(tmp_path, "night.toml", 'title = "Night"')
    (tmp_path / "cyclegan" / "night.pth").write_bytes(b"not at all")
    failed = run(load_plugins(NOWHERE, tmp_path), "cyclegan.own-night")
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.EFFECT
    assert "night.pth is damaged" in str(failed.message)


def test_names_of_any_kind_make_ids_that_last(tmp_path: Path) -> None:
    names = ["Night Sky", "ночь", "день", "a" * 60, "a" * 61, "über", "Night-Sky"]
    for name in names:
        put_network(tmp_path, f"{name}.pth", PlainResnet(NORMS["instance"], 1))
        put(tmp_path, f"{name}.toml", 'title = "It"')
    plugins = load_plugins(NOWHERE, tmp_path)
    assert set(own(plugins)) == {
        "cyclegan.own-night-sky",
        "cyclegan.own-c44767",
        "cyclegan.own-8eae90",
        f"cyclegan.own-{'a' * 20}-11ee39",
        f"cyclegan.own-{'a' * 20}-35d5fc",
        "cyclegan.own-ber-b51c85",
    }
    assert own(plugins) == own(load_plugins(NOWHERE, tmp_path))
