"""The owner's gallery: a folder that can be added to, and a first set of paintings from the net."""

from pathlib import Path
from urllib.parse import quote

import pytest

from impasto.effects import EffectError
from impasto.gallery.commons import KNOWN, fetch_paintings
from impasto.gallery.paintings import Gallery
from impasto.gallery.sheet import compose
from impasto.jobs.model import PictureRef
from tests.file_server import FileServer
from tests.pictures import decoded, encoded, photo, scene


def hang(folder: Path, name: str, about: str | None = None) -> bytes:
    data = encoded(scene(), "PNG") if name.endswith("png") else photo()
    (folder / name).write_bytes(data)
    if about is not None:
        (folder / name).with_suffix(".toml").write_text(about)
    return data


def test_a_painting_is_a_picture_with_title_artist_and_year_beside_it(tmp_path: Path) -> None:
    data = hang(tmp_path, "Ночь 1.jpg", 'title = "Night"\nartist = "Arkhip Kuindzhi"\nyear = 1880\n')
    (painting,) = Gallery(tmp_path).paintings()
    assert painting.label == "Arkhip Kuindzhi – Night – 1880"
    assert Gallery(tmp_path).of(painting.ref) == painting
    assert Gallery(tmp_path).read(painting.ref) == data


def test_what_the_toml_does_not_say_comes_from_the_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hang(tmp_path, "my_own-drawing.png")
    hang(tmp_path, "broken.jpg", "title = ")
    hang(tmp_path, "notes.txt")
    assert [painting.label for painting in Gallery(tmp_path).paintings()] == ["Broken", "My own drawing"]
    assert "broken.toml is left out" in caplog.text


def test_what_is_no_picture_is_left_out_and_the_log_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hang(tmp_path, "sun.png")
    (tmp_path / "text.jpg").write_text("no picture at all")
    for _look in range(3):
        assert [painting.label for painting in Gallery(tmp_path).paintings()] == ["Sun"]
    assert caplog.text.count("text.jpg is left out of the gallery") == 1


def test_no_folder_is_an_empty_gallery(tmp_path: Path) -> None:
    assert Gallery(tmp_path / "none").paintings() == []


def test_a_painting_that_was_taken_away_is_said_to_be_gone(tmp_path: Path) -> None:
    hang(tmp_path, "a.jpg")
    (painting,) = Gallery(tmp_path).paintings()
    painting.path.unlink()
    with pytest.raises(EffectError, match="no longer in the gallery"):
        Gallery(tmp_path).read(painting.ref)
    assert Gallery(tmp_path).of(PictureRef("AgACAgQAAx")) is None, "a person's own picture"


def test_the_first_set_is_fetched_by_file_name_and_what_fails_is_told(tmp_path: Path) -> None:
    with FileServer().running() as server:
        served = KNOWN[:3]
        for known in served:
            server.files[f"/wiki/{quote(known.file)}?width=1280"] = photo(40, 30)
        server.files[f"/wiki/{quote(KNOWN[3].file)}?width=1280"] = b"<html>an error page</html>"
        outcomes = {
            fetched.known.key: fetched for fetched in fetch_paintings(tmp_path, f"{server.address}/wiki/")
        }
        assert len(outcomes) == len(KNOWN) >= 12
        assert [key for key, fetched in outcomes.items() if fetched.fault is None] == [k.key for k in served]
        assert "is not a picture" in str(outcomes[KNOWN[3].key].fault)
        assert "the server answers 404" in str(outcomes[KNOWN[4].key].fault)
        assert {painting.title for painting in Gallery(tmp_path).paintings()} == {k.title for k in served}
        asked = len(server.asked)
        again = [
            fetched for fetched in fetch_paintings(tmp_path, f"{server.address}/wiki/") if fetched.was_here
        ]
        assert [fetched.known for fetched in again] == list(served)
        assert len(server.asked) - asked == len(KNOWN) - len(served)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


async def test_a_sheet_shows_what_can_be_opened_and_leaves_the_other_places_grey(tmp_path: Path) -> None:
    hang(tmp_path, "sun.png")
    (tmp_path / "broken.jpg").write_bytes(photo()[:300])
    sheet = decoded(
        await compose([tmp_path / "sun.png", tmp_path / "broken.jpg", None, tmp_path / "sun.png"], 7)
    )
    assert sheet.size == (8 + 3 * 248, 8 + 2 * 248)
    colours = [sheet.getpixel((x + 120, y + 200)) for x, y in ((8, 8), (256, 8), (504, 8), (8, 256))]
    grey = [max(pixel) - min(pixel) < 12 for pixel in colours]  # type: ignore[arg-type, type-var]
    assert grey == [False, True, True, False]
