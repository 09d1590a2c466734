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
from impasto.jobs.model import Job
from impasto.jobs.updates import Waiting, Working
from impasto.text import Text, plural, verbatim
from impasto.text import text as _

MOST_SHOWN = 20

PAUSED = _("⏸ Paused: nothing new is begun. /resume goes on.")


def queue_card(
    standing: Sequence[Working | Waiting], effects: Mapping[str, Effect], paused: bool, language: Language
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
        (*nothing, *_paused(paused)),
        in_rows(cancels, 2),
        heading=_("🗂 Running and waiting"),
        lines=tuple(lines),
    )


def devices_card(
    devices: Sequence[Device],
    standing: Sequence[Working | Waiting],
    effects: Mapping[str, Effect],
    paused: bool,
    language: Language,
) -> Card:
    """Each device and what it does."""
    working = {update.device: update for update in standing if isinstance(update, Working)}
    lines = tuple(
        _("{device}: {work}")(device=device.name, work=_work(device, working, effects, language))
        for device in devices
    )
    nothing = () if lines else (_("I am still looking which devices there are."),)
    return Card((*nothing, *_paused(paused)), heading=_("🖥 Devices"), lines=lines)


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
    about = _("{number} · {effect}")(number=str(job.id), effect=_title(job, effects))
    match update:
        case Waiting():
            since = language.when(datetime.fromtimestamp(job.created).astimezone())
            return _("{job} · waiting since {time}")(job=about, time=since)
        case Working(device=None):
            return _("{job} · its pictures are being fetched")(job=about)
        case Working(remaining=None, seconds=seconds):
            return _("{job} · running for {duration}")(job=about, duration=language.duration(seconds))
        case Working(remaining=remaining, seconds=seconds):
            return _("{job} · running for {duration}, about {remaining} left")(
                job=about, duration=language.duration(seconds), remaining=language.duration(remaining or 0)
            )


def _title(job: Job, effects: Mapping[str, Effect]) -> Text:
    effect = effects.get(job.order.effect_id)
    return heading(effect) if effect is not None else verbatim(job.order.effect_id)


def _paused(paused: bool) -> tuple[Text, ...]:
    return (PAUSED,) if paused else ()
