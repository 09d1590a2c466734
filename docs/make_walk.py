"""Makes the pictures of docs/chat.md: a walk through the chat page of `impasto sandbox`, as on a phone.

Run from the repository root, with the development requirements, Chromium and a font for Chinese installed
(Debian: fonts-noto-cjk):
.venv/bin/python docs/make_walk.py
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import skimage
from PIL import Image
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PHOTOS = Path(skimage.__file__).parent / "data"
COFFEE, CAT = PHOTOS / "coffee.png", PHOTOS / "chelsea.png"
IMAGES = Path(__file__).parent / "images" / "walk"
PORT = 8778
PAGE = f"http://127.0.0.1:{PORT}"
BOT = "impasto_sandbox_bot"
WIDTH, HEIGHT, SCALE = 390, 844, 2
MARGIN = 7
MOST_BYTES = 150_000
PATIENCE = 900
"""Seconds: on a computer without a GPU, samples of all effects take minutes."""

_MESSAGE = 'section.column:not([hidden]) article[data-id="{}"]'
_SETTLED = """
const images = [...document.querySelectorAll("section.column:not([hidden]) article img")];
return images.every((image) => image.complete && image.naturalWidth > 0);
"""
_SCROLL = """
const [first, last] = arguments;
const log = first.closest(".log");
log.scrollTop += first.getBoundingClientRect().top - log.getBoundingClientRect().top - arguments[2];
const seen = log.getBoundingClientRect();
return [
  Math.max(seen.top, first.getBoundingClientRect().top - arguments[2]),
  Math.min(seen.bottom, last.getBoundingClientRect().bottom + arguments[2]),
];
"""


def call(path: str, **body: object) -> Any:
    """What the sandbox answers to a request of its page."""
    request = urllib.request.Request(
        PAGE + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


class Phone:
    """The chat page on a phone, which shows one chat at a time."""

    def __init__(self, browser: webdriver.Chrome) -> None:
        self._browser = browser
        self._wait = WebDriverWait(browser, PATIENCE, 0.1, [StaleElementReferenceException])

    def open(self, name: str) -> None:
        """Show the chat of that name."""

        def opened(_: object) -> bool:
            for tab in self._browser.find_elements(By.CSS_SELECTOR, "button.tab"):
                if name in tab.text:
                    self._browser.execute_script("arguments[0].click()", tab)
                    return self._chat.get_attribute("aria-label") == name
            return False

        self._wait.until(opened)

    def say(self, text: str, *paths: Path) -> int:
        """Send a text, or pictures with this caption; the number of the message."""
        before = max(self._mine(), default=0)
        for path in paths:
            self._chat.find_element(By.CSS_SELECTOR, ".composer input[type=file]").send_keys(str(path))
        self._wait.until(lambda _: len(self._chat.find_elements(By.CSS_SELECTOR, ".tray li")) == len(paths))
        self._chat.find_element(By.CSS_SELECTOR, ".composer textarea").send_keys(text, Keys.ENTER)
        return int(self._wait.until(lambda _: next((mine for mine in self._mine() if mine > before), 0)))

    def press(self, label: str, *, after: int = 0) -> None:
        """Press the last button with that label, or that in it, later than `after`, and await the answer."""

        def pressed(_: object) -> bool:
            keys = self._keys(after)
            fitting = [key for key in keys if key.text == label] or [key for key in keys if label in key.text]
            for key in fitting[-1:]:
                self._browser.execute_script("arguments[0].click()", key)
            return bool(fitting)

        self._wait.until(pressed)
        self._wait.until(lambda _: not self._chat.find_elements(By.CSS_SELECTOR, ".key[aria-busy]"))

    def sees(self, words: str, *, after: int = 0, pictures: int = 0, button: str = "") -> int:
        """Wait for a message later than `after` with these words, pictures and button; its number."""

        def found(_: object) -> int:
            for message in reversed(self._messages()):
                number = int(message.get_attribute("data-id") or 0)
                images = message.find_elements(By.CSS_SELECTOR, "img:not(.quote img)")
                enough = number > after and words in message.text and len(images) >= pictures
                if enough and button in message.text:
                    return number
            return 0

        return int(self._wait.until(found))

    def answer(self, number: int, text: str, speaker: str) -> int:
        """In a group, answer that message as this person."""
        voices = self._chat.find_elements(By.CSS_SELECTOR, ".voices label")
        next(voice for voice in voices if speaker in voice.text).click()
        reply = self._browser.find_element(By.CSS_SELECTOR, f"{_MESSAGE.format(number)} .reply")
        self._browser.execute_script("arguments[0].click()", reply)
        return self.say(text)

    def shoot(self, name: str, first: int, last: int) -> None:
        """Save the chat from one message to another, as far as the phone shows it at once."""
        self._wait.until(lambda _: self._browser.execute_script(_SETTLED))
        ends = [
            self._browser.find_element(By.CSS_SELECTOR, _MESSAGE.format(number)) for number in (first, last)
        ]
        top, bottom = self._browser.execute_script(_SCROLL, *ends, MARGIN)
        with Image.open(BytesIO(self._browser.get_screenshot_as_png())) as page:
            shot = page.convert("RGB").crop((0, round(top * SCALE), page.width, round(bottom * SCALE)))
        for quality in (85, 78, 70, 62):
            shot.save(IMAGES / f"{name}.jpg", quality=quality, optimize=True)
            if (IMAGES / f"{name}.jpg").stat().st_size < MOST_BYTES:
                break

    @property
    def _chat(self) -> WebElement:
        return self._browser.find_element(By.CSS_SELECTOR, "section.column:not([hidden])")

    def _messages(self) -> list[WebElement]:
        return self._chat.find_elements(By.CSS_SELECTOR, "article[data-id]")

    def _mine(self) -> list[int]:
        mine = self._chat.find_elements(By.CSS_SELECTOR, "article.mine")
        return [int(message.get_attribute("data-id") or 0) for message in mine]

    def _keys(self, after: int) -> list[WebElement]:
        return [
            key
            for message in self._messages()
            if int(message.get_attribute("data-id") or 0) > after
            for key in message.find_elements(By.CSS_SELECTOR, ".key")
        ]


def first_steps(phone: Phone) -> None:
    """A greeting, a photo, a style, a crop, the result."""
    phone.open("Ada")
    begun = phone.say("/start")
    welcome = phone.sees("Hello, Ada", pictures=1)
    phone.shoot("start", begun, welcome)
    sent = phone.say("", COFFEE)
    phone.shoot("photo", sent, phone.sees("What shall I do", after=sent, button="Learnt styles"))
    phone.press("Learnt styles", after=sent)
    phone.press("Style:", after=sent)
    styles = phone.sees("Learnt styles · Style", after=sent, pictures=1)
    phone.shoot("styles", styles, styles)
    phone.press("Page 3", after=sent)
    phone.press("22", after=sent)
    options = phone.sees("Learnt styles", after=sent, button="Start")
    phone.shoot("options", options, options)
    phone.press("Crop", after=sent)
    phone.press("1:1", after=sent)
    crop = phone.sees("Only the bright part", after=sent, pictures=1, button="Whole picture")
    phone.shoot("crop", crop, crop)
    phone.press("Done", after=sent)
    phone.press("Start", after=sent)
    result = phone.sees("Learnt styles: ", after=sent, pictures=1, button="Then")
    phone.shoot("result", result, result)


def slow_painting(phone: Phone, style: Path) -> None:
    """A picture that grows, while others wait for theirs; what the owner sees of that."""
    phone.open("Ada")
    sent = phone.say("", CAT)
    phone.press("Slow painting", after=sent)
    phone.sees("Slow painting", after=sent, button="Back")
    sent = phone.say("", style)
    phone.sees("Slow painting", after=sent, button="Start")
    phone.press("Size: ", after=sent)
    phone.press("768", after=sent)
    phone.press("Start", after=sent)
    growing = phone.sees("▰▰▰", after=sent, pictures=1, button="Cancel")
    phone.shoot("progress", growing, growing)
    phone.open("Лев")
    phone.say("/vintage", COFFEE)
    phone.say("/vintage", CAT)
    phone.open("Ada")
    asked = phone.say("/status")
    phone.shoot("status", asked, phone.sees("Slow painting", after=asked))
    phone.open("Owner")
    asked = phone.say("/queue")
    phone.shoot("queue", asked, phone.sees("Running and waiting", after=asked))
    asked = phone.say("/devices")
    phone.shoot("devices", asked, phone.sees("Devices", after=asked))


def the_rest(phone: Phone) -> None:
    """Examples, settings, a report."""
    phone.open("Ada")
    asked = phone.say("/examples")
    phone.sees("1 of", after=asked, pictures=1)
    phone.press("›", after=asked)
    page = phone.sees("2 of", after=asked, pictures=1)
    phone.shoot("examples", page, page)
    phone.press("‹", after=asked)
    phone.sees("1 of", after=asked, pictures=1)
    phone.press("‹", after=asked)
    sizes = phone.sees("several sizes", after=asked, pictures=1)
    phone.shoot("sizes", sizes, sizes)
    asked = phone.say("/settings")
    phone.press("For every photo", after=asked)
    phone.press("Learnt styles", after=asked)
    phone.press("Back", after=asked)
    settings = phone.sees("For every photo: 🎨", after=asked)
    phone.shoot("settings", asked, settings)
    asked = phone.say("/report")
    phone.shoot("report", asked, phone.sees("To the owner", after=asked))
    said = phone.say("The painted cat is wonderful! Could there be more blue styles?")
    phone.shoot("report-sent", said, phone.sees("", after=said))
    phone.open("Owner")
    came = phone.sees("Somebody writes to you")
    phone.shoot("report-owner", came, phone.sees("more blue styles", after=came))


def group(phone: Phone, photo: Path) -> None:
    """Лев answers Ada's photo with a command."""
    users = {user["name"]: user["id"] for user in state()["users"]}
    call("/sandbox/groups", title="Family", members=[users["Ada"], users["Лев"]])
    phone.open("Family")
    sent = phone.say("", photo)
    said = phone.answer(sent, f"/vintage@{BOT}", "Лев")
    result = phone.sees("", after=said, pictures=1, button="➕")
    phone.shoot("group", sent, result)


def statistics(phone: Phone) -> None:
    """What was made, by the owner's command."""
    phone.open("Ada")
    phone.sees("Slow painting", pictures=1, button="Then")
    phone.open("Owner")
    asked = phone.say("/stats")
    numbers = phone.sees("", after=asked, pictures=1)
    phone.shoot("stats", numbers, numbers)


def in_language(phone: Phone, name: str, code: str, start: str) -> None:
    """The first steps of somebody who reads another language."""
    call("/sandbox/users", name=name, language_code=code)
    phone.open(name)
    begun = phone.say("/start")
    phone.shoot(f"start-{code}", begun, phone.sees(name, after=begun, pictures=1))
    sent = phone.say("", COFFEE)
    phone.press("🎨", after=sent)
    options = phone.sees("🎨", after=sent, button=start)
    phone.shoot(f"options-{code}", options, options)


def state() -> Any:
    """All that the sandbox knows."""
    with urllib.request.urlopen(f"{PAGE}/sandbox/state") as answer:
        return json.load(answer)


@contextmanager
def sandbox(folder: Path) -> Iterator[None]:
    """The bot with all its effects."""
    environment = os.environ | {"IMPASTO_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "impasto", "sandbox", "--no-browser", "--port", str(PORT)]
    with (folder / "log").open("w") as log:
        bot = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert bot.stdout is not None
            next(line for line in bot.stdout if PAGE in line)
            yield
        finally:
            bot.terminate()
            bot.wait()


@contextmanager
def browser(folder: Path) -> Iterator[webdriver.Chrome]:
    """Chromium as a phone."""
    options = webdriver.ChromeOptions()
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--lang=en",
        f"--user-data-dir={folder}",
    ):
        options.add_argument(flag)
    metrics = {"width": WIDTH, "height": HEIGHT, "pixelRatio": SCALE}
    options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        driver.get(PAGE)
        yield driver
    finally:
        driver.quit()


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        style = folder / "style.png"
        command = [sys.executable, "-m", "impasto", "apply", "nst.learnt", str(COFFEE), "-o", str(style)]
        subprocess.run([*command, "--option=style=8"], check=True)
        wide = folder / "wide.jpg"
        with Image.open(CAT) as cat:
            cat.convert("RGB").crop((0, 30, cat.width, 210)).save(wide, quality=92)
        with sandbox(folder), browser(folder / "browser") as driver:
            phone = Phone(driver)
            first_steps(phone)
            slow_painting(phone, style)
            the_rest(phone)
            group(phone, wide)
            statistics(phone)
            in_language(phone, "ليلى", "ar", "بدء")
            in_language(phone, "小明", "zh-hans", "开始")
