"""/queue and /devices: what runs and waits, and what each device does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from impasto.bot.buttons import StopJob
from impasto.bot.cards import heading, in_rows
from impasto.bot.replies import Card, Label
from impasto.effects import Effect
from impasto.engine.base import Device
from impasto.i18n import Language
from impasto.jobs.forecast import about
from impasto.jobs.holds import Hold, InUse, QuietHours
from impasto.jobs.model import Job
from impasto.jobs.updates import Waiting, Working
from impasto.text import Text, plural, verbatim
from impasto.text import text as _

MOST_SHOWN = 20


def queue_card(
    standing: Sequence[Working | Waiting],
    effects: Mapping[str, Effect],
    holds: Sequence[Hold],
    language: Language,
) -> Card:
    """What runs, and then what waits, each with a button that cancels it."""
    shown = standing[:MOST_SHOWN]
    lines = [_line(update, effects, language) for update in shown]
    if len(standing) > MOST_SHOWN:
        rest = len(standing) - MOST_SHOWN
        lines.append(plural("… and {n} more that waits", "… and {n} more that wait", rest))
    cancels = [
        Label(_("✕ Cancel {number}")(number=str(update.job.id)), StopJob(update.job.id)) for update in shown
    ]
    nothing = () if standing else (_("Nothing runs, and nobody waits."),)
    return Card(
        (*nothing, *(_held(hold, language) for hold in holds)),
        in_rows(cancels, 2),
        heading=_("🗂 Running and waiting"),
        lines=tuple(lines),
    )


def resumed_card(lifted: Sequence[Hold], waiting: int, language: Language) -> Card:
    """What goes on, and until when, after these holds are lifted."""
    if not lifted:
        return Card((_("I am not paused."),))
    words = plural("▶️ I go on: {n} picture.", "▶️ I go on: {n} pictures.", waiting)
    lines = [words if waiting else _("▶️ I go on. Nobody waits.")]
    for hold in lifted:
        match hold:
            case QuietHours(until=until):
                again = _(
                    "This time I work through the quiet hours until {time}; the next ones I keep again."
                )
                lines.append(again(time=language.clock(until)))
            case InUse(program=program):
                again = _("I work while {program} runs; when it is started the next time, I hold off again.")
                lines.append(again(program=program))
    return Card(tuple(lines))


def devices_card(
    devices: Sequence[Device],
    standing: Sequence[Working | Waiting],
    effects: Mapping[str, Effect],
    holds: Sequence[Hold],
    language: Language,
) -> Card:
    """Each device and what it does."""
    working = {update.device: update for update in standing if isinstance(update, Working)}
    lines = tuple(
        _("{device}: {work}")(device=device.name, work=_work(device, working, effects, language))
        for device in devices
    )
    nothing = () if lines else (_("I am still looking which devices there are."),)
    return Card((*nothing, *(_held(hold, language) for hold in holds)), heading=_("🖥 Devices"), lines=lines)


def _work(
    device: Device,
    working: Mapping[str | None, Working],
    effects: Mapping[str, Effect],
    language: Language,
) -> Text:
    if (update := working.get(device.id)) is not None:
        return _("working on picture {number} ({effect}) for {duration}")(
            number=str(update.job.id),
            effect=_title(update.job, effects),
            duration=language.duration(update.seconds),
        )
    return _("idle") if device.ready else _("getting ready, or drawing samples for the menus")


def _line(update: Working | Waiting, effects: Mapping[str, Effect], language: Language) -> Text:
    job = update.job
    this = _("{number} · {effect}")(number=str(job.id), effect=_title(job, effects))
    match update:
        case Waiting(ready_in=ready_in):
            since = language.when(datetime.fromtimestamp(job.created).astimezone())
            if ready_in is None:
                return _("{job} · waiting since {time}")(job=this, time=since)
            return _("{job} · waiting since {time}, ready in about {duration}")(
                job=this, time=since, duration=language.duration(about(ready_in))
            )
        case Working(device=None):
            return _("{job} · its pictures are being fetched")(job=this)
        case Working(remaining=None, seconds=seconds):
            return _("{job} · running for {duration}")(job=this, duration=language.duration(seconds))
        case Working(remaining=remaining, seconds=seconds):
            left = language.duration(about(remaining or 0.0))
            return _("{job} · running for {duration}, about {remaining} left")(
                job=this, duration=language.duration(seconds), remaining=left
            )


def _title(job: Job, effects: Mapping[str, Effect]) -> Text:
    effect = effects.get(job.order.effect_id)
    return heading(effect) if effect is not None else verbatim(job.order.effect_id)


def _held(hold: Hold, language: Language) -> Text:
    match hold:
        case QuietHours(until=until):
            words = _("🌙 Quiet hours until {time}: nothing new is begun. /resume goes on at once.")
            return words(time=language.clock(until))
        case InUse(program=program):
            words = _("⏸ {program} is running: nothing is begun until it has ended. /resume goes on at once.")
            return words(program=program)
        case _:
            return _("⏸ Paused: nothing new is begun. /resume goes on.")
