"""People's pictures never touch the disk: every process of the bot is watched while it works for them."""

import re
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tests.pictures import encoded
from tests.studio import Studio, choose, is_result

COLOUR = (0x5A, 0xC3, 0x17)
MARK = b"the-face-of-ada-lovelace"
TRACES = (MARK, bytes(COLOUR) * 16, bytes((*COLOUR, 255)) * 16)
"""What a file of the picture says, and what its pixels are in memory."""

WATCH = """
import os, sys

notes = os.open({notes!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(notes, f"began {{sys.orig_argv}}\\n".encode())
writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC

def watch(event, arguments):
    if event == "open" and isinstance(arguments[2], int) and not arguments[2] & writing:
        return
    if event in ("open", "sqlite3.connect") or event.startswith(("tempfile.", "shutil.")):
        if not isinstance(arguments[0], int):
            os.write(notes, f"{{event}} {{os.fsdecode(arguments[0])}}\\n".encode())

sys.addaudithook(watch)
"""

KNOWN = (
    r"began .*",
    r"sqlite3.connect .*/data/impasto\.sqlite3",
    r"sqlite3.connect :memory:",
    r"open .*/data/impasto\.lock",
    r"open .*/data/samples/\w+\.new",  # of our own picture
    r"open .*/__pycache__/.*",
    r"open .*/home/\.cache/matplotlib/fontlist[\w.-]*",
    r"open .*/tmp/\w{8}",  # how tempfile finds out where it may write; its files have longer names
    r"open /dev/null",
    r"open /proc/self/(oom_score_adj|autogroup|coredump_filter)",
)
LASTING = r"/data/(impasto\.(sqlite3(-wal|-shm)?|lock)|samples/\w+\.jpg)"


def files(*folders: Path) -> Iterator[Path]:
    return (path for folder in folders for path in folder.rglob("*") if path.is_file())


async def test_nothing_of_a_picture_is_written_whatever_is_made_of_it(tmp_path: Path) -> None:
    data, temporary, home = (tmp_path / name for name in ("data", "tmp", "home"))
    for folder in (data, temporary, home):
        folder.mkdir()
    notes = tmp_path / "notes"
    (tmp_path / "sitecustomize.py").write_text(WATCH.format(notes=str(notes)))
    environment = {"PYTHONPATH": str(tmp_path), "TMPDIR": str(temporary), "HOME": str(home)}
    picture = Image.new("RGB", (96, 64), COLOUR)
    photo = encoded(picture, comment=MARK, quality=95)
    async with (
        Studio(data, environment=environment, DEVELOPER="true") as studio,
        await studio.join() as ada,
        await studio.owner() as owner,
    ):
        await ada.send_photo(photo, "/mirror")
        result = await ada.sees(is_result, timeout=30)
        await ada.press("As file", on=result)
        await ada.sees(lambda message: message.document)

        await ada.send_document(encoded(picture, "PNG"), f"{MARK.decode()}.png", "/mirror")
        await ada.sees(is_result, timeout=30)

        await ada.send_photo(photo)
        await choose(ada, "Tint")
        await ada.press("Crop", on=await ada.sees("The test effect tint."))
        await ada.press("1:1", on=await ada.sees(lambda message: message.photo and "1:1" in message.buttons))
        await ada.press("Done", on=await ada.sees(lambda message: "Whole picture" in message.buttons))
        await ada.press("Start", on=await ada.sees(lambda message: "▶️ Start" in message.buttons))
        await ada.sees(is_result, timeout=30)

        await ada.send_photo(photo)
        await choose(ada, "Patient")
        await ada.press("Start", on=await ada.sees("The test effect patient."))
        await ada.sees(lambda message: message.photo and "▰" in message.text, timeout=30)
        await ada.sees(is_result, timeout=30)

        await ada.send_photo(photo, "/upscale_fast")
        await ada.sees(is_result, timeout=120)

        await owner.send_photo(photo)
        await choose(owner, "Shades")
        await owner.press("o:0", on=await owner.sees("The test effect shades."))
        await owner.press("1", on=await owner.sees(lambda message: message.photo, timeout=30))
        await owner.press("Start", on=await owner.sees("The test effect shades."))
        await owner.press("Details", on=await owner.sees(is_result, timeout=30))
        await owner.sees(lambda message: message.document)

        await ada.say("/report")
        await ada.sees("✉️")
        await ada.send_photo(photo)
        await owner.sees(lambda message: message.photo)

        lasting = {path: path.read_bytes() for path in files(data, temporary, home)}
        assert not any(trace in content for content in lasting.values() for trace in TRACES)
        modes = {path: path.stat().st_mode & 0o077 for path in files(data)}
        assert not any(modes.values()), f"others may read {modes}"
        log = studio.log
    noted = notes.read_text().splitlines()
    for watched in ("'impasto', 'run'", "spawn_main", "impasto.gallery.crop_preview", "impasto.cleaning"):
        assert any(line.startswith("began") and watched in line for line in noted)
    assert [line for line in noted if not any(re.search(f"^{known}$", line) for known in KNOWN)] == []
    assert [path for path in files(data, temporary) if not re.search(f"{LASTING}$", str(path))] == []
    assert MARK.decode() not in log
