"""The command line, as somebody at a terminal meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pictures import photo

PROBE = Path(__file__).parent / "fixtures" / "plugins"


def impasto(
    folder: Path, *arguments: object, language: str = "en_GB.UTF-8"
) -> subprocess.CompletedProcess[str]:
    settings = {"IMPASTO_DATA_DIR": str(folder), "IMPASTO_PLUGINS_DIR": str(PROBE), "IMPASTO_DEVICES": "cpu"}
    environment = os.environ | settings | {"LC_ALL": language, "COLUMNS": "200"}
    command = [sys.executable, "-m", "impasto", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo())
    return path


def test_the_effects_are_listed_for_people_in_their_language(tmp_path: Path) -> None:
    listed = impasto(tmp_path, "effects", language="ru_RU.UTF-8").stdout
    assert "nst.learnt CONTENT" in listed
    assert "Выученные стили" in listed


def test_the_effects_are_listed_for_programs(tmp_path: Path) -> None:
    listed = {effect["id"]: effect for effect in json.loads(impasto(tmp_path, "effects", "--json").stdout)}
    assert [slot["name"] for slot in listed["nst.any"]["slots"]] == ["content", "style"]
    assert len(listed["nst.learnt"]["options"]["style"]["values"]) == 26
    assert listed["superres.photo-x4"]["missing_weights"] == []


def test_several_pictures_go_into_a_folder(tmp_path: Path, picture: Path) -> None:
    second = tmp_path / "second.jpg"
    second.write_bytes(photo(30, 20))
    done = impasto(tmp_path, "apply", "probe.mirror", picture, second, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["photo.png", "second.png"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no.effect", "{picture}"], "there is no effect 'no.effect'; there are: "),
        (["probe.mirror", "missing.jpg"], "missing.jpg"),
        (["probe.tint", "{picture}", "--option", "tint=green"], "tint must be one of red, blue"),
        (["probe.tint", "{picture}", "--option", "shade=red"], "as KEY=VALUE: tint, dark"),
        (["probe.tint", "{picture}", "--option", "tint"], "tint needs a value: tint=VALUE"),
        (["probe.patient", "{picture}", "--option", "seconds=0.5"], "from 0 to 60 in steps of 1, not 0.5"),
        (["probe.patient", "{picture}", "--option", "seconds=soon"], "from 0 to 60 in steps of 1, not soon"),
        (["probe.blend", "{picture}"], "takes, in this order: content, style; 1 given"),
        (["probe.picky", "{picture}"], "I only paint cats."),
        (["probe.mirror", "{picture}", "-o", "result.tga"], "the result can be .png or .jpg"),
        (["probe.mirror", "{picture}", "-o", "no/where.png"], "there is no folder no"),
        (["probe.mirror", "{picture}", "-o", "{picture}"], "is one of the pictures"),
        (["probe.mirror", "{picture}", "{picture}", "-o", "out.png"], "2 results need a folder"),
    ],
    ids=[
        "effect",
        "file",
        "value",
        "option",
        "no value",
        "off step",
        "no number",
        "slots",
        "picture",
        "format",
        "folder",
        "itself",
        "two",
    ],
)
def test_a_mistake_is_explained_without_a_traceback(
    tmp_path: Path, picture: Path, arguments: list[str], says: str
) -> None:
    filled = [str(picture) if argument == "{picture}" else argument for argument in arguments]
    target = [] if "-o" in filled else ["-o", tmp_path / "result.png"]
    done = impasto(tmp_path, "apply", *filled, *target)
    assert done.returncode not in (0, 78)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_configuration_ends_with_a_code_that_services_know(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("colour = 'blue'\n")
    done = impasto(tmp_path, "run", "--config", tmp_path / "wrong.toml")
    assert done.returncode == 78
    assert "colour" in done.stderr


def test_details_are_written_beside_the_result_as_plot_and_table(tmp_path: Path, picture: Path) -> None:
    done = impasto(tmp_path, "apply", "probe.shades", picture, "-o", tmp_path / "made.png", "--details")
    assert done.returncode == 0, done.stderr
    assert "network: a brush" in done.stdout
    assert (tmp_path / "made-details.csv").read_text().split() == ["step,loss", "1,1", "2,0.5", "3,0.25"]
    assert (tmp_path / "made-details.png").read_bytes().startswith(b"\x89PNG")


def test_the_gallery_names_the_folder_that_can_be_added_to(tmp_path: Path) -> None:
    listed = impasto(tmp_path, "gallery", "list")
    assert str(tmp_path / "gallery") in listed.stdout
