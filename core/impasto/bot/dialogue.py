"""Dialogue: the state machine of one conversation. Pure: a session and an event in, replies out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from impasto import slots
from impasto.bot import cards, pages, settings
from impasto.bot.buttons import (
    ChooseEffect,
    ChooseLanguage,
    Close,
    Download,
    Downloads,
    DropKeptOptions,
    ForgetMe,
    KeepOptions,
    Menu,
    SetDefaultEffect,
    ShowCategory,
    ShowDefaultEffects,
    ShowExample,
    ShowLanguages,
    ShowSettings,
    StopDownload,
    ToggleSetting,
)
from impasto.bot.choosing import Choosing
from impasto.bot.events import AgainAsked, Command, Event, Joined, OtherSent, PictureSent, Pressed
from impasto.bot.offer import Offer, Paintings, deep_link, find
from impasto.bot.replies import (
    CancelJobs,
    Card,
    CloseCard,
    FetchWeights,
    ForgetUser,
    Link,
    PassReport,
    Reply,
    Say,
    SetPreferences,
    StopFetching,
    TellJobs,
    TellNumber,
    Toast,
)
from impasto.bot.session import Session
from impasto.effects import Effect
from impasto.i18n import Language
from impasto.text import text as _
from impasto.users import Preferences

_PRIVATE = frozenset({"settings", "language", "report", "privacy", "forgetme", "about", "id"})
"""Commands that others need not read along with."""


class Dialogue:
    """The conversation about what is on `offer`, in one of `languages`; reports only with an owner."""

    def __init__(
        self,
        offer: Offer,
        gallery: Paintings,
        languages: Sequence[Language],
        *,
        has_owner: bool,
        welcome_picture: bool = True,
        source_url: str | None = None,
        own_server: bool = False,
    ) -> None:
        self._offer, self._languages = offer, languages
        self._choosing = Choosing(offer, gallery)
        self._has_owner, self._source_url = has_owner, source_url
        self._welcome_picture, self._own_server = welcome_picture, own_server

    def step(self, session: Session, event: Event) -> list[Reply]:
        """Answer `event` and change `session` accordingly."""
        if isinstance(event, PictureSent | OtherSent) and (passed := self._report(session, event)):
            return passed
        match event:
            case Command():
                return self._command(session, event)
            case PictureSent():
                return self._choosing.picture(session, event)
            case AgainAsked():
                return self._choosing.again(session, event)
            case OtherSent(answer):
                return [Say(answer)]
            case Pressed():
                return self._pressed(session, event)
            case Joined():
                return [Say(pages.group_text(self._offer.offered()))]

    def mend(self, session: Session) -> None:
        """Let a kept session go on where its effect may be gone, or take other options and pictures."""
        effect = find(self._offer, session.effect_id)
        if effect is None:
            session.effect_id, session.options, session.keeping = None, {}, False
            return
        session.options = effect.with_chosen(session.options)
        while not slots.fits(effect, len(session.pictures)):
            session.pictures.pop()

    def _report(self, session: Session, event: PictureSent | OtherSent) -> list[Reply]:
        more = event.album_id is not None and event.album_id == session.report_album
        if not session.reporting and not more:
            session.report_album = None
            return []
        session.reporting, session.report_album = False, event.album_id
        return [PassReport(more=True)] if more else [CloseCard(), PassReport()]

    def _command(self, session: Session, command: Command) -> list[Reply]:
        session.reporting, session.report_album = False, None
        effect = next((e for e in self._offer.offered() if e.command and e.command == command.name), None)
        lacks_picture = session.in_group and command.picture is None
        if lacks_picture and (effect is not None or command.name == "effects"):
            return [Say(pages.group_text(self._offer.offered()))]
        if effect is not None:
            return self._choosing.command(session, effect, command)
        if session.in_group and command.name in _PRIVATE:
            link = Link(_("Write to me"), f"start={command.name}")
            return [Say(_("Let us talk about that in private."), link)]
        match command.name:
            case "effects":
                session.clear()
                session.pictures = [command.picture] if command.picture else []
                return [self._choosing.menu(session, anew=True)]
            case "start" | "help" if session.in_group:
                return [Say(pages.group_text(self._offer.offered()))]
            case "start":
                return self._start(session, command)
            case "help":
                return [Say(pages.help_text(self._offer.offered()))]
            case "examples":
                return [pages.examples(self._offer.offered(), 0, anew=True)]
            case "status":
                return [TellJobs()]
            case "cancel":
                closed = session.card_id is not None or bool(session.pictures)
                session.clear()
                return [CloseCard(), CancelJobs(tell=True, closed=closed)]
            case "reset":
                session.clear()
                return [
                    CloseCard(),
                    CancelJobs(tell=False),
                    ForgetUser(),
                    Say(_("Everything here is dropped; your settings stay. Send a photo whenever you like.")),
                ]
            case _:
                return self._personal(session, command)

    def _personal(self, session: Session, command: Command) -> list[Reply]:
        """Commands about the person, the bot and its owner; and those that are none."""
        match command.name:
            case "settings":
                session.clear()
                return [self._settings(session, anew=True)]
            case "language":
                return [pages.languages(self._languages, session.preferences, anew=True)]
            case "id":
                return [TellNumber()]
            case "about":
                return [pages.about(self._offer, self._source_url)]
            case "privacy":
                return [pages.privacy(own_server=self._own_server)]
            case "forgetme":
                return [pages.FORGET_ME]
            case "report" if self._has_owner and command.argument:
                return [PassReport(words=command.argument)]
            case "report" if self._has_owner:
                session.clear()
                session.reporting = True
                return [pages.REPORT]
            case "report":
                return [Say(_("The owner of this bot does not take messages."))]
            case _:
                if session.in_group and not command.addressed:
                    return []
                unknown = Say(_("I don't know this command. /help shows what I can do."))
                if command.picture is None:
                    return [unknown]
                return [
                    unknown,
                    *self._choosing.picture(session, PictureSent(command.picture, command.album_id)),
                ]

    def _start(self, session: Session, command: Command) -> list[Reply]:
        """The beginning; a link t.me/BOT?start=… leads to an effect or a command."""
        session.clear()
        for effect in self._offer.offered():
            if command.argument == deep_link(effect):
                return self._choosing.choose(session, effect, anew=True)
        if command.argument in _PRIVATE and not session.in_group:
            return self._command(session, replace(command, name=command.argument, argument=""))
        downloads = session.is_owner and bool(self._offer.downloadable())
        return [
            pages.welcome(
                command.first_name, self._offer.offered(), downloads, pictured=self._welcome_picture
            )
        ]

    def _pressed(self, session: Session, pressed: Pressed) -> list[Reply]:
        button = pressed.button
        anew = pressed.message_id != session.card_id
        if anew and session.in_group:
            return [Toast(_("This menu is not yours, or out of date. Write /effects for a new one."))]
        match button:
            case Menu():
                pictures = session.pictures
                session.clear()
                session.pictures = pictures
                return [self._choosing.menu(session, anew=anew)]
            case ShowCategory(category):
                session.effect_id, session.options = None, {}
                return [self._choosing.category(session, category, anew=anew)]
            case ChooseEffect(effect_id):
                effect = find(self._offer, effect_id)
                if effect is None:
                    return self._not_here(session, effect_id)
                return self._choosing.choose(session, effect, anew=anew)
            case Downloads() | Download() | StopDownload() if session.is_owner:
                return self._download_pressed(session, pressed)
            case ShowExample(page):
                return [pages.examples(self._offer.offered(), page, anew=anew)]
            case Close():
                session.clear()
                return [CloseCard()]
            case ForgetMe():
                session.clear()
                return [
                    CloseCard(),
                    CancelJobs(tell=False),
                    ForgetUser(all=True),
                    Say(
                        _("Everything about you is deleted. If you write again, we meet for the first time.")
                    ),
                ]
            case _:
                return self._setting_pressed(session, pressed, anew=anew)

    def _setting_pressed(self, session: Session, pressed: Pressed, *, anew: bool) -> list[Reply]:
        known = session.preferences
        match pressed.button:
            case ShowSettings():
                session.clear()
                return [self._settings(session, anew=anew)]
            case ToggleSetting(name) if (changed := settings.toggled(known, name)) is not None:
                return self._set(session, changed, anew=anew)
            case ShowDefaultEffects():
                return [settings.default_effects(self._offer.offered(), known)]
            case SetDefaultEffect(effect_id):
                effect = find(self._offer, effect_id)
                replies = self._set(
                    session, replace(known, default_effect=effect.id if effect else None), anew=anew
                )
                if effect is not None and effect.options:
                    replies[-1] = self._choosing.keep(session, effect)
                return replies
            case DropKeptOptions():
                return self._set(session, replace(known, kept_options={}), anew=anew)
            case ShowLanguages():
                return [pages.languages(self._languages, known, anew=anew)]
            case ChooseLanguage(code):
                session.preferences = replace(known, language=code)
                return [SetPreferences(session.preferences), CloseCard(), Say(pages.LANGUAGE_CHOSEN)]
            case _:
                effect = self._choosing.chosen(session)
                if anew or effect is None:
                    return [Toast(cards.STALE)]
                replies = self._choosing.pressed(session, effect, pressed)
                if session.keeping and isinstance(pressed.button, KeepOptions):
                    session.clear()
                    replies.append(self._settings(session, anew=False))
                return replies

    def _set(self, session: Session, changed: Preferences, *, anew: bool) -> list[Reply]:
        session.preferences = changed
        return [SetPreferences(changed), self._settings(session, anew=anew)]

    def _settings(self, session: Session, *, anew: bool) -> Card:
        effects = {effect.id: effect for effect in self._offer.offered()}
        language = next((lang for lang in self._languages if lang.code == session.preferences.language), None)
        return settings.card(session.preferences, effects, language, announcements=self._has_owner, anew=anew)

    def _not_here(self, session: Session, effect_id: str) -> list[Reply]:
        if session.is_owner:
            for wanting in self._offer.downloadable():
                if wanting.id == effect_id:
                    return [cards.offer_download(wanting, self._offer.missing(wanting))]
        return [Toast(cards.GONE), self._choosing.menu(session, anew=True)]

    def _download_pressed(self, session: Session, pressed: Pressed) -> list[Reply]:
        match pressed.button:
            case Download(effect_id) if find(self._offer, effect_id) is None:
                return [CloseCard(), FetchWeights(effect_id)]
            case StopDownload(effect_id):
                return [StopFetching(effect_id)]
            case _:
                wanting = self._offer.downloadable()
                if not wanting:
                    return [Toast(cards.STALE)]
                sizes: list[tuple[Effect, int]] = [
                    (effect, sum(w.size for w in self._offer.missing(effect))) for effect in wanting
                ]
                return [cards.downloads(sizes)]
