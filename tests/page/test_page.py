"""The chat page in a real browser: somebody who cloned the repository a minute ago sends a photo."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path

import pytest
import telegram
from PIL import Image
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from impasto.sandbox import Sandbox
from tests.pictures import photo
from tests.sandbox.conftest import connect
from tests.studio import Studio

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en",
    "--window-size=1280,900",
)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver) and "CI" not in os.environ:
        pytest.skip("needs chromium and chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium or ""
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield browser
    complaints = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    browser.quit()
    assert complaints == []


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with Studio(tmp_path / "data") as studio:
        yield studio
        assert studio.sandbox.refusals == []


class Column:
    """One person's chat on the page."""

    def __init__(self, browser: webdriver.Chrome, name: str) -> None:
        self._browser = browser
        self._wait = WebDriverWait(browser, 60, ignored_exceptions=[StaleElementReferenceException])
        self._element = self._wait.until(lambda _: self._named(name))

    def _named(self, name: str) -> WebElement | None:
        columns = self._browser.find_elements(By.CSS_SELECTOR, "section.column")
        return next((column for column in columns if column.is_displayed() and name in column.text), None)

    def send_photo(self, path: Path) -> None:
        self._element.find_element(By.CSS_SELECTOR, ".composer input[type=file]").send_keys(str(path))
        box = self._element.find_element(By.CSS_SELECTOR, ".composer textarea")
        self._wait.until(lambda _: self._element.find_elements(By.CSS_SELECTOR, ".composer img"))
        box.send_keys(Keys.ENTER)

    def say(self, text: str) -> None:
        self._element.find_element(By.CSS_SELECTOR, ".composer textarea").send_keys(text, Keys.ENTER)

    def speak_as(self, name: str) -> None:
        voices = self._element.find_elements(By.CSS_SELECTOR, ".voices label")
        next(voice for voice in voices if name in voice.text).click()

    def shows(self, words: str) -> None:
        self._wait.until(lambda _: words in self._element.text)

    def press(self, label: str) -> None:
        """Press the last button with this label, by keyboard; it may be drawn anew while we look."""

        def pressed(_: webdriver.Chrome) -> bool:
            keys = [k for k in self._element.find_elements(By.CSS_SELECTOR, ".key") if label in k.text]
            for key in keys[-1:]:
                key.send_keys(Keys.ENTER)
            return bool(keys)

        self._wait.until(pressed)

    def picture_of_message_with(self, words: str) -> WebElement:
        def picture(_: webdriver.Chrome) -> WebElement | None:
            for message in self._element.find_elements(By.CSS_SELECTOR, "article[data-id]"):
                if words in message.text:
                    return next(iter(message.find_elements(By.CSS_SELECTOR, "img:not(.quote img)")), None)
            return None

        return self._wait.until(picture)  # type: ignore[return-value]


async def test_a_photo_sent_on_the_page_comes_back_painted(
    studio: Studio, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    (tmp_path / "photo.jpg").write_bytes(photo(320, 240))
    await asyncio.to_thread(send_and_look, browser, studio.sandbox.page_url, tmp_path / "photo.jpg")


def send_and_look(browser: webdriver.Chrome, url: str, path: Path) -> None:
    browser.get(url)
    ada = Column(browser, "Ada")
    ada.send_photo(path)
    ada.press("Paint")
    ada.press("Learnt styles")
    ada.press("Style: Starry blue")
    ada.press("Page 3")
    ada.picture_of_message_with("Red lacquer")
    ada.press("21")
    ada.press("Start")
    painted = ada.picture_of_message_with("Learnt styles: Red lacquer")
    with Image.open(BytesIO(painted.screenshot_as_png)) as shown:
        red, _green, blue = (
            channel.resize((1, 1)).getpixel((0, 0)) for channel in shown.convert("RGB").split()
        )
    assert red > blue + 40, "it has been painted in red lacquer"
    painted.click()
    viewer = browser.find_element(By.CSS_SELECTOR, ".viewer")
    WebDriverWait(browser, 10).until(lambda _: viewer.is_displayed() and "320 × 240" in viewer.text)
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    WebDriverWait(browser, 10).until(lambda _: not viewer.is_displayed())


async def test_a_group_made_on_the_page_talks_with_the_bot(browser: webdriver.Chrome) -> None:
    sandbox = Sandbox()
    await sandbox.start()
    try:
        async with connect(sandbox) as bot:
            await asyncio.to_thread(make_a_group, browser, sandbox.page_url)
            family = await asyncio.to_thread(Column, browser, "Family")
            await asyncio.to_thread(family.speak_as, "Лев")
            await asyncio.to_thread(family.say, "/paint")
            await asyncio.to_thread(family.shows, "/paint")
            command = next(u.message for u in await bot.get_updates() if u.message and u.message.text)
            assert command.from_user is not None and command.from_user.first_name == "Лев"
            await bot.send_chat_action(command.chat.id, "upload_photo")
            await asyncio.to_thread(family.shows, "is sending a photo…")
            link = telegram.InlineKeyboardButton("Choose", url="https://t.me/impasto_sandbox_bot?start=paint")
            keyboard = telegram.InlineKeyboardMarkup.from_button(link)
            await bot.send_message(command.chat.id, "In private, please", reply_markup=keyboard)
            await asyncio.to_thread(family.press, "Choose")
            lev = await asyncio.to_thread(Column, browser, "Russian")
            await asyncio.to_thread(lev.shows, "/start paint")
    finally:
        await sandbox.stop()


def make_a_group(browser: webdriver.Chrome, url: str) -> None:
    browser.get(url)
    Column(browser, "Ada")
    browser.find_element(By.CSS_SELECTOR, "[aria-label='Add a group']").click()
    browser.switch_to.active_element.send_keys(Keys.ENTER)
