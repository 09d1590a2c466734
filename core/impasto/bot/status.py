"""The words, buttons and files of a job's one message: waiting, working with a bar, done, or not."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from telegram import InlineKeyboardMarkup, InputMediaDocument, InputMediaPhoto

from impasto.bot import limits
from impasto.bot.buttons import Again, AsFile, CancelJob, Details, Then
from impasto.bot.replies import Label
from impasto.bot.view import keyboard
from impasto.effects import ChoiceOption, Effect, Text
from impasto.i18n import Language
from impasto.imaging import EncodedPicture
from impasto.jobs.forecast import about
from impasto.jobs.holds import Hold, InUse, QuietHours
from impasto.jobs.model import Job
from impasto.jobs.updates import Done, JobUpdate, NotDone, Waiting, Withdrawn, Working
from impasto.slots import shown
from impasto.text import plural, verbatim
from impasto.text import text as _

_BEGUN_AGAIN = _("I had to stop, so I begin this picture again.")

_BAR_CELLS = 10
_SENTENCE_CHARACTERS = 800
"""Of an effect's own words: with the rest they must fit under a preview, where Telegram takes 1024."""


def status_html(update: JobUpdate, effect: Effect, language: Language) -> str:
    """The words for the state of a job, as Telegram's HTML."""
    title = f"<b>{escape(f'{effect.emoji} {language(effect.title)}')}</b>"
    return "\n".join((title, *(escape(line) for line in _lines(update, language))))


def _lines(update: JobUpdate, language: Language) -> list[str]:
    match update:
        case Waiting(job=job, hold=hold, ready_in=ready_in):
            lines = [language(line) for line in _what_happened(update)]
            if hold:
                lines.append(language(_held(hold, job, language)))
            lines.append(language(_place(update)))
            if ready_in is not None:
                ready = _("Ready in about {duration}.")(duration=language.duration(about(ready_in)))
                lines.append(language(ready))
            return lines
        case Working(job=job, fraction=fraction, remaining=remaining):
            done = _("{bar} {share}")(bar=bar(fraction), share=language.percent(fraction))
            lines = [language(_BEGUN_AGAIN)] if job.attempts > 1 else []
            lines.append(language(done))
            if remaining is not None and remaining >= 2:
                left = _("About {duration} left.")(duration=language.duration(about(remaining)))
                lines.append(language(left))
            return lines
        case NotDone(message=message, fault=fault):
            words = language(message)
            lines = [words if len(words) <= _SENTENCE_CHARACTERS else f"{words[:_SENTENCE_CHARACTERS]}…"]
            if fault is not None:
                lines.append(language(_("Reference: {number}")(number=str(update.job.id))))
            return lines
        case Withdrawn(by_owner=True):
            return [language(_("The owner of this computer had to stop this picture. Sorry about that."))]
        case Withdrawn():
            return [language(_("Cancelled."))]
        case _:
            raise TypeError(f"no words for {update}")


def _what_happened(waiting: Waiting) -> list[Text]:
    if waiting.job.attempts and isinstance(waiting.hold, InUse):
        return []  # `_held` says it
    match waiting.restarted, waiting.job.attempts > 0:
        case True, True:
            return [_("I was restarted, so I begin this picture again.")]
        case True, False:
            return [_("I was restarted; nothing is lost.")]
        case False, True:
            return [_BEGUN_AGAIN]
    return []


def _place(waiting: Waiting) -> Text:
    ahead, own = waiting.ahead, waiting.own
    if not ahead:
        return _("Your picture is next.")
    if own == ahead:
        return plural("{n} picture of yours goes first.", "{n} pictures of yours go first.", ahead)
    if own:
        return plural("{n} picture goes before this one.", "{n} pictures go before this one.", ahead)
    return plural("{n} picture goes before yours.", "{n} pictures go before yours.", ahead)


def _held(hold: Hold, job: Job, language: Language) -> Text:
    match hold:
        case QuietHours(until=until):
            return _("I rest at this time of day. I go on at {time}, by the clock of the owner's computer.")(
                time=language.clock(until)
            )
        case InUse() if job.attempts:
            return _(
                "The owner needs this computer just now, so I had to stop. I begin your picture again by "
                "myself as soon as the computer is free."
            )
        case InUse():
            return _("The owner is using this computer just now. I go on by myself as soon as it is free.")
        case _:
            return _(
                "The owner's computer is needed for something else just now, until further notice. "
                "Your picture keeps its place, and I go on by myself."
            )


def bar(fraction: float) -> str:
    """A bar of ten cells."""
    full = round(fraction * _BAR_CELLS)
    return "▰" * full + "▱" * (_BAR_CELLS - full)


def status_keyboard(update: JobUpdate, language: Language) -> InlineKeyboardMarkup | None:
    """Cancel, as long as there is something to cancel; after a failure another try, with other options."""
    job_id = update.job.id
    if isinstance(update, Waiting | Working):
        return keyboard(((Label(_("✕ Cancel"), CancelJob(job_id)),),), language)
    return (
        keyboard(((Label(_("🔁 Again"), Again(job_id)),),), language) if isinstance(update, NotDone) else None
    )


def caption_html(done: Done, effect: Effect, language: Language, paintings: Sequence[str] = ()) -> str:
    """The words under a result: effect, time, paintings of the gallery, what the person should know."""
    named = tuple(_chosen_by_samples(done, effect))
    about = _("{option}: {value}")(option=effect.title, value=named) if named else effect.title
    title = _("{emoji} {effect} · {duration}")(
        emoji=effect.emoji, effect=about, duration=language.duration(done.seconds)
    )
    lines = (title, *(verbatim(f"🖼 {painting}") for painting in paintings), *done.notes)
    return "\n".join(escape(language(line)) for line in lines)[: limits.CAPTION_CHARACTERS]


def _chosen_by_samples(done: Done, effect: Effect) -> list[Text]:
    """What was chosen by how it looks, so that a result says which style it is."""
    order = done.job.order
    options = effect.defaults() | dict(order.options)
    count = sum(len(refs) for refs in order.pictures.values())
    return [
        choice.title
        for option in effect.options
        if isinstance(option, ChoiceOption) and option.samples and shown(effect, option, options, count)
        for choice in option.choices
        if choice.value == options[option.key]
    ]


def result_keyboard(
    done: Done, language: Language, *, as_file: bool, fetchable: int
) -> InlineKeyboardMarkup | None:
    """What can be done with a result. The bot can fetch files of so many bytes."""
    file = () if as_file else (Label(_("📄 As file"), AsFile(done.job.id)),)
    details = (Label(_("📈 Details"), Details(done.job.id)),) if done.facts or done.attachments else ()
    again = Label(_("🔁 Again"), Again(done.job.id))
    size = max((len(picture.data) for picture in done.pictures), default=0)
    comes_back = not as_file or size <= fetchable
    then = (Label(_("➕ Then…"), Then()),) if comes_back else ()
    rows = ((*file, again), (*then, *details))
    return keyboard(tuple(row for row in rows if row), language)


def result_media(
    done: Done, effect: Effect, language: Language, paintings: Sequence[str] = ()
) -> tuple[InputMediaPhoto | InputMediaDocument, EncodedPicture | None]:
    """The result as Telegram takes it, and the full-size file if that is not what it is already."""
    by_output = {picture.output: picture for picture in done.pictures}
    photo, file = by_output.get(limits.PHOTO.name), by_output[limits.FILE.name]
    caption = caption_html(done, effect, language, paintings)
    if photo is None or done.job.order.as_file:
        document = InputMediaDocument(
            file.data, caption=caption, parse_mode="HTML", filename=file_name(done.job.id, effect, file)
        )
        return document, None
    return InputMediaPhoto(photo.data, caption=caption, parse_mode="HTML", filename="result.jpg"), file


def file_name(job_id: int, effect: Effect, picture: EncodedPicture) -> str:
    """The name of a result as a file: "nst-learnt-17.png"."""
    suffix = "jpg" if picture.format == "JPEG" else picture.format.lower()
    return f"{effect.id.replace('.', '-')}-{job_id}.{suffix}"
