"""Makes the pictures of the README from photos that come with scikit-image (public domain).

Run from the repository root, with the development requirements and Chromium installed:
.venv/bin/python docs/make_pictures.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import skimage
from PIL import Image, ImageDraw, ImageFont
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PHOTOS = Path(skimage.__file__).parent / "data"
IMAGES = Path(__file__).parent / "images"
PORT = "8777"
CELL, GAP, CAPTION = 300, 12, 30


def apply(effect: str, pictures: list[Path], result: Path, *options: str) -> Image.Image:
    """The result of an effect by the command line."""
    command = [sys.executable, "-m", "impasto", "apply", effect, *map(str, pictures), "-o", str(result)]
    subprocess.run([*command, *(f"--option={option}" for option in options)], check=True)
    return Image.open(result).convert("RGB")


def square(image: Image.Image, side: int = CELL) -> Image.Image:
    """The centre of a picture."""
    return image.crop(
        ((image.width - image.height) // 2, 0, (image.width + image.height) // 2, image.height)
    ).resize((side, side), Image.Resampling.LANCZOS)


def effects_row(folder: Path, style: Path) -> None:
    """Photos before and after the effects."""
    cat, coffee = PHOTOS / "chelsea.png", PHOTOS / "coffee.png"
    small = folder / "small.png"
    eye = Image.open(cat).convert("RGB").crop((170, 60, 250, 140))
    eye.save(small)
    shown = [
        ("A photo", square(Image.open(cat).convert("RGB"))),
        ("Learnt styles", square(apply("nst.learnt", [cat], folder / "1.png", "style=20", "size=512"))),
        ("Any picture as style", square(apply("nst.any", [cat, style], folder / "2.png", "size=512"))),
        (
            "Slow painting",
            square(apply("nst.gatys", [cat, style], folder / "3.png", "size=512", "steps=200")),
        ),
        ("Another photo", square(Image.open(coffee).convert("RGB"))),
        ("Vintage photo", square(apply("cyclegan.vintage", [coffee], folder / "4.png"))),
        ("A small picture", eye.resize((CELL, CELL), Image.Resampling.BICUBIC)),
        ("Enlarged 4 times", apply("superres.photo-x4", [small], folder / "5.png").resize((CELL, CELL))),
    ]
    columns = 4
    width = columns * (CELL + GAP) - GAP
    sheet = Image.new("RGB", (width, 2 * (CELL + CAPTION + GAP)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for number, (title, picture) in enumerate(shown):
        left, top = number % columns * (CELL + GAP), number // columns * (CELL + CAPTION + GAP)
        sheet.paste(picture, (left, top))
        draw.text(
            (left + CELL // 2, top + CELL + CAPTION // 2 + 2), title, fill="#333", font=font, anchor="mm"
        )
    sheet.save(IMAGES / "effects.jpg", quality=88, optimize=True)


def chat(folder: Path, style: Path) -> None:
    """The chat page with two people."""
    environment = os.environ | {"IMPASTO_DATA_DIR": str(folder / "data")}
    command = [sys.executable, "-m", "impasto", "sandbox", "--no-browser", "--port", PORT]
    bot = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert bot.stderr is not None
        next(line for line in bot.stderr if "is here" in line)
        take_screenshot(style)
    finally:
        bot.terminate()
        bot.wait()


def take_screenshot(style: Path) -> None:
    """Ada has a cat painted quickly, Лев slowly."""
    options = webdriver.ChromeOptions()
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--lang=en", "--window-size=1280,1010"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    wait = WebDriverWait(browser, 120, ignored_exceptions=[StaleElementReferenceException])
    try:
        browser.get(f"http://127.0.0.1:{PORT}/")
        people = wait.until(lambda _: browser.find_elements(By.CSS_SELECTOR, "section[data-user]"))
        ada, lev = people[0], people[1]

        def send(person: WebElement, path: Path) -> None:
            person.find_element(By.CSS_SELECTOR, ".composer input[type=file]").send_keys(str(path))
            wait.until(lambda _: person.find_elements(By.CSS_SELECTOR, ".composer img"))
            person.find_element(By.CSS_SELECTOR, ".composer textarea").send_keys(Keys.ENTER)

        def press(person: WebElement, label: str) -> None:
            def pressed(_: object) -> bool:
                keys = person.find_elements(By.CSS_SELECTOR, ".key")
                fitting = [key for key in keys if label in key.text]
                for key in fitting[-1:]:
                    browser.execute_script("arguments[0].click()", key)
                return bool(fitting)

            wait.until(pressed)

        def shows(person: WebElement, words: str, pictures: int) -> Callable[[object], bool]:
            def shown(_: object) -> bool:
                messages = person.find_elements(By.CSS_SELECTOR, "article[data-id]")
                fitting = [m for m in messages if words in m.text]
                return any(len(m.find_elements(By.CSS_SELECTOR, "img")) >= pictures for m in fitting)

            return shown

        send(ada, PHOTOS / "coffee.png")
        press(ada, "Learnt styles")
        press(ada, "Start")
        wait.until(shows(ada, "Learnt styles: Starry blue", 1))
        press(ada, "Again")
        press(ada, "Style: Starry blue")
        wait.until(shows(ada, "Starry blue", 1))
        send(lev, PHOTOS / "chelsea.png")
        press(lev, "Неспешная")
        wait.until(lambda _: "Теперь пришлите" in lev.text)
        send(lev, style)
        press(lev, "512 px")
        press(lev, "768 px")
        press(lev, "Начать")
        wait.until(shows(lev, "▰▰▰▰▰▰", 2))
        with Image.open(BytesIO(browser.get_screenshot_as_png())) as page:
            page.convert("RGB").save(IMAGES / "chat.jpg", quality=88, optimize=True)
    finally:
        browser.quit()


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        painting = folder / "painting.png"
        apply("nst.learnt", [PHOTOS / "coffee.png"], painting, "style=8")
        effects_row(folder, painting)
        chat(folder, painting)
