"""Where settings come from, and what is said when they are wrong."""

from datetime import time
from pathlib import Path

import pytest

from impasto.config import ConfigurationError, load_settings
from impasto.log_lines import TextLines
from impasto.quiet import DailySpan

TOKEN = "123456789:AAExampleExampleExampleExampleExample"


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "impasto.toml"
    file.write_text('owner = 1\ndevices = "cpu"\n[limits]\njobs_per_user = 2\n')
    monkeypatch.setenv("IMPASTO_OWNER", "77")
    monkeypatch.setenv("IMPASTO_TELEGRAM__BASE_URL", "http://127.0.0.1:1/bot")
    settings = load_settings(file)
    assert (settings.owner, settings.devices, settings.limits.jobs_per_user) == (77, "cpu", 2)
    assert settings.telegram.base_url == "http://127.0.0.1:1/bot"


@pytest.mark.parametrize("written", ["http://127.0.0.1:8081", "http://127.0.0.1:8081/bot"])
def test_one_address_of_a_server_of_ones_own_is_enough(tmp_path: Path, written: str) -> None:
    file = tmp_path / "impasto.toml"
    file.write_text(f"telegram.base_url = '{written}'")
    telegram = load_settings(file).telegram
    assert telegram.base_url == "http://127.0.0.1:8081/bot"
    assert telegram.base_file_url == "http://127.0.0.1:8081/file/bot"


@pytest.mark.parametrize(
    ("toml", "says"),
    {
        "ownr = 3": "ownr in FILE: there is no such setting, did you mean owner?",
        "zzz = 3": "zzz in FILE: there is no such setting",
        "quiet_hours = '1'": "quiet_hours in FILE: there is no such setting, did you mean guest.quiet_hours?",
        "[limit]": "limit in FILE: there is no such setting, did you mean limits?",
        "limits.jobs_by_user = 3": "limits.jobs_by_user in FILE: there is no such setting, "
        "did you mean limits.jobs_per_user?",
        "guest.quite_hours = []": "guest.quite_hours in FILE: there is no such setting, "
        "did you mean guest.quiet_hours?",
        "guest.job_minutes = 3": "guest.job_minutes in FILE: there is no such setting, "
        "did you mean limits.job_minutes?",
        "telegram.botname = 'A'": "telegram.botname in FILE: there is no such setting, "
        "did you mean telegram.bot_name?",
        "limits = 3": "limits in FILE: write the settings of this table one by one",
        "devices = 'gpu'": "devices in FILE: write auto, cpu, cuda:0 or cuda:0,cuda:1, instead of 'gpu'",
        "log_level = 'loud'": "log_level in FILE: write DEBUG, INFO, WARNING or ERROR, instead of 'loud'",
        "owner = '@ada'": "owner in FILE: write your number in Telegram, "
        "which /id in the chat with the bot tells, instead of '@ada'",
        "allowed = [1, 'ada']": "allowed in FILE: write a person's number in Telegram, "
        "which /id in their chat with the bot tells, instead of 'ada'",
        "private = 'maybe'": "private in FILE: write true or false",
        "data_dir = 3": "data_dir in FILE: write a path in quotation marks",
        "token = 12345": "token in FILE: write it in quotation marks",
        "telegram.silence = 1": "telegram.silence in FILE: write 3 or more",
        "telegram.bot_name = ''": "telegram.bot_name in FILE: "
        "write a name of 1 to 64 characters in quotation marks, instead of ''",
        "telegram.base_url = '127.0.0.1:8081'": "telegram.base_url in FILE: "
        "write an address such as http://127.0.0.1:8081, instead of '127.0.0.1:8081'",
        "webhook.port = 8090": "webhook.url in FILE: "
        "write the address that Telegram is told to call, such as https://example.org/impasto",
        "webhook.url = 'example.org'": "webhook.url in FILE: "
        "write an address such as https://example.org/impasto, instead of 'example.org'",
        "webhook.url = 'http://example.org/'": "webhook in FILE: "
        "url must begin with https://, since Telegram calls no other address",
        "webhook.url = 'https://example.org:8090/'": "webhook in FILE: "
        "url has port 8090; Telegram calls 443, 80, 88 and 8443 alone. "
        "The port that I listen at behind a proxy is webhook.port",
        "telegram.local = true": "telegram in FILE: "
        "local is for a Bot API server of your own: write its address as base_url too",
        "webhook = {url = 'https://a.org', secret = 'short'}": "webhook.secret in FILE: "
        "write 16 to 256 letters, digits, _ or - in quotation marks",
        "webhook = {url = 'https://a.org', certificate = 'a.pem'}": "webhook in FILE: "
        "write certificate and private_key, or neither",
        "limits.jobs_per_user = 'ten'": "limits.jobs_per_user in FILE: write a whole number",
        "limits.jobs_per_user = 0": "limits.jobs_per_user in FILE: write 1 or more",
        "limits.job_minutes = 'long'": "limits.job_minutes in FILE: write a number",
        "limits.job_minutes = 0": "limits.job_minutes in FILE: write a number above 0",
        "limits.worker_memory = '1 GiB'": "limits.worker_memory in FILE: "
        "write a size of at least 2 GiB, as in 4 GiB, instead of '1 GiB'",
        "limits.device_memory = '4 elephants'": "limits.device_memory in FILE: "
        "write a size, as in 512 MiB or 4 GiB, instead of '4 elephants'",
        "limits.result_memory = -1": "limits.result_memory in FILE: "
        "write a size, as in 512 MiB or 4 GiB, instead of -1",
        "limits.minutes_by_effect = {nst.gatys = 20}": "limits.minutes_by_effect in FILE: "
        """write minutes above 0 by effect, as in "nst.gatys" = 20, or {"nst.gatys": 20} in the """
        "environment, instead of {'nst': {'gatys': 20}}",
        "guest.quiet_hours = '22-7'": "guest.quiet_hours in FILE: "
        "'22-7' is no span of the day; write it as in 22:00-07:00",
        "guest.programs = ['blender', '/bin/game']": "guest.programs in FILE: "
        "'/bin/game' is no name of a program; write it without folders, as in blender or game.exe",
    }.items(),
)
def test_a_mistake_in_the_file_is_named_with_what_to_write(tmp_path: Path, toml: str, says: str) -> None:
    assert mistakes(tmp_path, toml) == says


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (
            "LIMITS__JOB_PER_USER",
            "3",
            "there is no such setting, did you mean IMPASTO_LIMITS__JOBS_PER_USER?",
        ),
        (
            "OWNER",
            "ada",
            "write your number in Telegram, which /id in the chat with the bot tells, instead of 'ada'",
        ),
        ("LIMITS__WORKER_MEMORY", "9 MiB", "write a size of at least 2 GiB, as in 4 GiB, instead of '9 MiB'"),
        ("GUEST__QUIET_HOURS", "late", "'late' is no span of the day; write it as in 22:00-07:00"),
        ("GUEST__PROGRAMS", "['game'", """write a list with commas or in JSON, instead of "['game'\""""),
        ("LIMITS", "3", "write the settings of this table one by one"),
    ],
)
def test_a_mistake_in_the_environment_is_told_from_one_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"IMPASTO_{name}", value)
    assert f"IMPASTO_{name} in the environment: {says}" == mistakes(tmp_path, "")


def test_a_server_of_ones_own_calls_any_address(tmp_path: Path) -> None:
    file = tmp_path / "impasto.toml"
    file.write_text(
        "telegram = {base_url = 'http://127.0.0.1:8081', local = true}\nwebhook.url = 'http://b:9/'"
    )
    assert load_settings(file).webhook is not None


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "owner = ").startswith("FILE: ")


def test_all_mistakes_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_PRIVATE", "perhaps")
    assert mistakes(tmp_path, "limits.jobs_per_user = 0\nowner = 3\nwelcome_picture = 'no, thanks'") == (
        "IMPASTO_PRIVATE in the environment: write true or false; "
        "welcome_picture in FILE: write true or false; limits.jobs_per_user in FILE: write 1 or more"
    )


def mistakes(folder: Path, toml: str) -> str:
    file = folder / "impasto.toml"
    file.write_text(toml)
    with pytest.raises(ConfigurationError) as refused:
        load_settings(file)
    return str(refused.value).replace(str(file), "FILE")


def test_a_secret_at_the_wrong_place_is_not_repeated(tmp_path: Path) -> None:
    assert TOKEN not in mistakes(tmp_path, f"tokn = '{TOKEN}'\ntoken = ['{TOKEN}']\nowner = '{TOKEN}'")


@pytest.mark.parametrize(
    "written", ["'blender'", "['blender']", "'blender, game.exe'", "['blender', 'game.exe']"]
)
def test_what_stands_alone_is_a_list_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    file = tmp_path / "impasto.toml"
    file.write_text(f"guest.programs = {written}\nguest.quiet_hours = '22:00-07:00'\nallowed = 7")
    programs = ("blender", "game.exe") if "game" in written else ("blender",)
    night = (DailySpan(time(22), time(7)),)
    settings = load_settings(file)
    assert (settings.guest.programs, settings.guest.quiet_hours) == (programs, night)
    assert settings.allowed == {7}
    file.write_text("")
    in_the_environment = written.replace("'", '"') if "[" in written else written.strip("'")
    monkeypatch.setenv("IMPASTO_GUEST__PROGRAMS", in_the_environment)
    monkeypatch.setenv("IMPASTO_GUEST__QUIET_HOURS", "22:00-07:00")
    monkeypatch.setenv("IMPASTO_ALLOWED", "7,8")
    settings = load_settings(file)
    assert (settings.guest.programs, settings.guest.quiet_hours) == (programs, night)
    assert settings.allowed == {7, 8}


@pytest.mark.parametrize("written", ["'4 GiB'", "'4GiB'", "'4096 MiB'", "4294967296", "'4294967296'"])
def test_a_size_is_written_in_bytes_or_with_its_unit(tmp_path: Path, written: str) -> None:
    file = tmp_path / "impasto.toml"
    sizes = ("worker_memory", "device_memory", "result_memory")
    file.write_text("\n".join(f"limits.{name} = {written}" for name in sizes))
    limits = load_settings(file).limits
    assert [getattr(limits, name) for name in sizes] == [4 * 2**30] * 3


def test_minutes_by_effect_are_taken_from_the_environment_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_LIMITS__MINUTES_BY_EFFECT", '{"nst.gatys": 20}')
    assert load_settings().limits.minutes_by_effect == {"nst.gatys": 20}


def test_minutes_of_an_effect_that_is_not_installed_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    limits = load_settings(limits={"minutes_by_effect": {"nst.gaty": 20, "probe.slow": 5}}).limits
    limits.warn_of_strangers({"probe.slow", "nst.gatys"})
    assert caplog.messages == [
        "limits.minutes_by_effect names what is not installed: nst.gaty; did you mean: nst.gatys"
    ]
    caplog.clear()
    limits.warn_of_strangers({"probe.slow", "nst.gaty"})
    assert caplog.messages == []


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
    line = TextLines((TOKEN,)).format(record)
    assert "getMe failed" in line
    assert TOKEN not in line
