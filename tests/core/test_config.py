"""Where settings come from, and what is said when they are wrong."""

from pathlib import Path

import pytest

from impasto.config import ConfigurationError, load_settings
from impasto.log import RedactingFormatter

TOKEN = "123456789:AAExampleExampleExampleExampleExample"


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "impasto.toml"
    file.write_text('owner = 1\ndevices = "cpu"\n[limits]\njobs_per_user = 2\n')
    monkeypatch.setenv("IMPASTO_OWNER", "77")
    monkeypatch.setenv("IMPASTO_TELEGRAM__BASE_URL", "http://127.0.0.1:1/bot")
    settings = load_settings(file)
    assert (settings.owner, settings.devices, settings.limits.jobs_per_user) == (77, "cpu", 2)
    assert settings.telegram.base_url == "http://127.0.0.1:1/bot"


@pytest.mark.parametrize(
    ("toml", "names"),
    [("devices = 'gpu'", "devices"), ("ownr = 3", "ownr"), ("owner = ", "impasto.toml")],
    ids=["value", "key", "syntax"],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, toml: str, names: str) -> None:
    file = tmp_path / "impasto.toml"
    file.write_text(toml)
    with pytest.raises(ConfigurationError, match=names):
        load_settings(file)


def test_the_token_is_read_from_a_file_and_shown_nowhere(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    settings = load_settings(token_file=tmp_path / "token", data_dir=tmp_path)
    assert settings.bot_token() == TOKEN
    assert TOKEN not in repr(load_settings(token=TOKEN, data_dir=tmp_path))


@pytest.mark.parametrize("token", ["", "hello", "123:short"])
def test_what_is_no_token_is_refused_before_telegram_is_asked(token: str) -> None:
    with pytest.raises(ConfigurationError, match="bot token"):
        load_settings(token=token).bot_token()


def test_no_log_line_holds_the_token_not_even_in_a_traceback() -> None:
    import logging
    import sys

    try:
        raise RuntimeError(f"POST https://api.telegram.org/bot{TOKEN}/getMe failed")
    except RuntimeError:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "url %s", (TOKEN,), sys.exc_info())
    line = RedactingFormatter((TOKEN,)).format(record)
    assert "getMe failed" in line
    assert TOKEN not in line
