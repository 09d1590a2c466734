"""Installing and updating, with everything put back where a step fails, and removing."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from windows_layout import Layout

from windows_setup import program, torch_build, torch_trial, weights
from windows_setup.hands import Hands, Refused
from windows_setup.keepers import Keeper, quoted, sign_of
from windows_setup.questions import Console, owner, telegram_knows, token

ANSWER_SECONDS = 180.0
CONFIGURATION_WRONG = 78
_LOOK_SECONDS = 0.25
_AWAY = re.compile(r"Telegram (can't be reached|is not heard|has not been heard)")
"""What Impasto says of itself when it is ready, but for Telegram."""

_DYING = re.compile(r"the workers die one after the other")
"""The same, but for those who paint."""

DONE, FAILED, NOT_YET = 0, 1, 3
"""Exit codes: it answers; nothing was changed, or all put back; installed whole, but no answer yet."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the owner said beforehand."""

    clone: Path
    token_file: Path | None = None
    owner: str | None = None
    weights: str | None = None
    torch_index: str | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """One installation on this computer."""

    layout: Layout
    keeper: Keeper
    hands: Hands
    console: Console
    say: Callable[[str], None] = print

    def install(self, wishes: Wishes, *, upgrade: bool = False) -> int:
        """Install, or update what is installed; the exit code. Raises `Refused` after putting all back."""
        layout, hands, keeper = self.layout, self.hands, self.keeper
        program.check_source(wishes.clone)
        if layout.before.exists():
            hands.step("Put back what an update that broke off had set aside")
            keeper.stop()
            program.put_back(hands, layout)
        installed = layout.source.exists() and keeper.installed()
        if upgrade and not installed:
            raise Refused("nothing is installed here that could be updated; leave -Upgrade out to install it")
        if not layout.environment_folder.exists():
            torch_trial.check_library()
        card = torch_build.card_here()
        remembered = torch_build.remembered_in(layout.torch_index)
        index = torch_build.address(wishes.torch_index, remembered, card, self.console, self.say)
        if not layout.environment_folder.exists():
            program.check_disk(layout, program.GIB_FOR_CARD if index else program.GIB_FOR_PROCESSOR)
        new_token = self._new_token(wishes)
        chat = "" if layout.settings.exists() or hands.dry else owner(self.console, wishes.owner, self.say)
        if layout.settings.exists():
            note = "; -Owner is not written into them" if wishes.owner else ""
            self.say(f"The settings in {layout.settings} stay{note}.")

        with ExitStack() as undo:
            try:
                trouble = self._carry_out(wishes, undo, index, new_token, chat, installed=installed)
            except BaseException:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # putting back is not broken off
                raise
            undo.pop_all()
        if installed:
            hands.step("Remove what was before")
            program.forget_what_was(hands, layout)
        if trouble:
            self.say(f"\nImpasto is installed, but does not answer yet: {trouble.words}{trouble.mend}")
            return NOT_YET
        return DONE

    def uninstall(self, *, purge: bool, keep_data: bool) -> int:
        """Remove all but settings and data, and these too if wanted; the exit code. Raises `Refused`."""
        layout, hands = self.layout, self.hands
        if not self.keeper.installed() and not layout.program.exists() and not layout.state.exists():
            raise Refused("nothing of Impasto is installed here")
        if not purge and not keep_data:
            purge = self.console.says_yes(f"Remove settings and data in {layout.state} too?")
        if self.keeper.installed():
            hands.step("Stop it, and let Windows know no more of it")
            self._unregister()
        hands.step(f"Remove {layout.program}")
        hands.remove(layout.program)
        hands.step("Remove settings, token and data" if purge else "Remove the token")
        hands.remove(layout.state if purge else layout.token)
        if not hands.dry:
            kept = f"Removed. Kept: settings and data in {layout.state}; -Uninstall -Purge removes them too."
            self.say("Nothing of Impasto is left." if purge else kept)
        return DONE

    def _carry_out(
        self,
        wishes: Wishes,
        undo: ExitStack,
        index: str | None,
        new_token: str | None,
        chat: str,
        *,
        installed: bool,
    ) -> _Trouble | None:
        """All steps, each noting in `undo` how it is taken back; what is wrong, if there is no answer yet."""
        layout, hands, keeper = self.layout, self.hands, self.keeper
        if installed:
            self._set_aside(undo)
        else:
            self._clear(undo)
        hands.step(f"Copy the program to {layout.source}")
        program.copy_source(hands, layout, wishes.clone)
        hands.step(f"Install its packages into {layout.environment_folder} (some minutes, the first time)")
        program.build_environment(hands, layout, wishes.clone, index)
        hands.step("Try whether torch can be loaded")
        torch_fault = None if hands.dry else torch_trial.fault(layout.python)
        self._write_state(new_token, chat, undo)
        hands.step(f"Let Windows start it: {keeper.name}")
        if not installed:
            undo.callback(self._unregister)
        keeper.register()
        hands.step("Fetch weights, if wanted")
        weights.fetch(hands, layout, self.console, wishes.weights, self.say)
        if torch_fault:
            trouble: _Trouble | None = _Trouble(torch_fault, whole=True)
        else:
            hands.step("Start it and wait until it answers")
            trouble = self._start()
        if trouble and (installed or not trouble.whole):
            self.say(f"It does not answer: {trouble.words}")
            raise Refused(
                f"the {'new one' if installed else 'service'} does not answer; the reason stands above"
            )
        return trouble

    def _new_token(self, wishes: Wishes) -> str | None:
        """The token to write; None where the one that is there stays."""
        if wishes.token_file is None and self.layout.token.exists():
            self.say(f"The token in {self.layout.token} stays; -TokenFile FILE puts another in its place.")
            return None
        if wishes.token_file is None and self.hands.dry:
            self.say("    would ask for the bot's token, unseen")
            return None
        said = token(self.console, wishes.token_file, self.say)
        name = telegram_knows(said, self.layout.settings)
        self.say(
            f"The token is @{name}'s." if name else "Telegram can't be reached just now to try the token."
        )
        return said

    def _set_aside(self, undo: ExitStack) -> None:
        """Stop what runs and keep it, to be started again where the new one fails."""
        was_running = self.keeper.running()
        self.hands.step("Stop it, and keep program, packages and database until the new ones answer")

        def bring_back() -> None:
            self.say("Putting back what was before ...")
            try:
                self.keeper.stop()
                program.put_back(self.hands, self.layout)
                self.keeper.register()
                trouble = self._start() if was_running else None
            except Refused as refusal:
                self.say(f"{refusal}. Running this script again puts back the rest.")
                return
            if trouble:
                self.say(f"What was before is back, but does not answer: {trouble.words}")
            else:
                self.say("What was before is back" + (", and answers." if was_running else "."))

        undo.callback(bring_back)
        self.keeper.stop()
        program.keep_what_was(self.hands, self.layout)

    def _clear(self, undo: ExitStack) -> None:
        """Begin with no program, and leave none behind; what an uninstall had kept stays."""
        kept = self.layout.state.exists()
        if self.keeper.installed():
            self.keeper.stop()
        self.hands.remove(self.layout.source)
        undo.callback(self.say, "Everything that was made has been removed again.")
        if not kept:
            undo.callback(self.hands.remove, self.layout.state)
        undo.callback(self.hands.remove, self.layout.program)
        self.hands.make_folder(self.layout.program)

    def _write_state(self, new_token: str | None, chat: str, undo: ExitStack) -> None:
        layout, hands = self.layout, self.hands
        hands.step(f"Make {layout.state}, closed to others")
        self.keeper.prepare_state()
        if new_token is not None:
            hands.step(f"Write the token to {layout.token}")
            if layout.token.exists():
                old = layout.token.read_text(encoding="utf-8")
                undo.callback(hands.write, layout.token, old)
            else:
                undo.callback(hands.remove, layout.token)
                hands.write(layout.token, "")  # closed to others while it is empty, so it never is open
            self.keeper.protect(layout.token)
            hands.write(layout.token, f"{new_token}\n")
        if not layout.settings.exists():
            hands.step(f"Write {layout.settings}")
            undo.callback(hands.remove, layout.settings)
            line = f"owner = {chat}" if chat else "# owner = 123456789"
            hands.write(
                layout.settings,
                "# Impasto's settings: docs/service.md says where to find every key. After a change:\n"
                f"# {self.keeper.how_to_restart}\n{line}\n",
            )
            self.keeper.protect(layout.settings)

    def _unregister(self) -> None:
        if self.hands.dry or self.keeper.installed():
            self.keeper.stop()
            self.keeper.unregister()

    def _start(self) -> _Trouble | None:
        """Start it and wait until it answers; what is wrong, if it does not."""
        self.hands.remove(self.layout.sign)
        log = self.layout.logs / "impasto.log"
        before = log.stat().st_size if log.exists() else 0
        self.keeper.start()
        if self.hands.dry:
            return None
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            sign = sign_of(self.layout)
            status = str(sign.get("status", ""))
            if sign.get("state") == "ready" and _AWAY.search(status):
                return _Trouble(f"{status}. It goes on trying.", whole=True)
            if sign.get("state") == "ready" and _DYING.search(status):
                mend = f"Ask the doctor what is wrong:\n  {doctor(self.layout)}"
                return _Trouble(f"{status}:\n{_lines(log, before)}\n", whole=True, mend=mend)
            if sign.get("state") == "ready":
                return None
            if sign.get("exit_code") == CONFIGURATION_WRONG:
                mend = f"Mend {self.layout.settings} or the token, then: {self.keeper.how_to_restart}"
                return _Trouble(
                    f"its configuration is wrong:\n{_lines(log, before)}\n", whole=True, mend=mend
                )
            if sign.get("state") == "ended":
                return _Trouble(f"it does not stay up:\n{_lines(log, before)}", whole=False)
            time.sleep(_LOOK_SECONDS)
        waited = f"nothing within {ANSWER_SECONDS:.0f} s but this:\n{_lines(log, before)}"
        return _Trouble(waited, whole=False)


def doctor(layout: Layout) -> str:
    """What is typed to have everything looked at."""
    return f"& {quoted(layout.python.with_stem('impasto'))} doctor"


def _lines(log: Path, begin: int) -> str:
    """The last lines of a log since it was `begin` bytes long."""
    try:
        said = log.read_bytes()
    except OSError:
        said = b""
    fresh = said[begin:] if len(said) >= begin else said  # it may have been cut meanwhile
    return (
        "\n".join(f"  {line}" for line in fresh.decode(errors="replace").splitlines()[-15:]) or "  (nothing)"
    )


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why it does not answer."""

    words: str
    whole: bool
    """Whether all is installed as it should be, and something else is to be mended."""

    mend: str = ""
    """What the owner may do then."""
