"""`impasto apply`: one effect on pictures from files, through the same engine as the bot, with a bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from impasto import imaging, slots
from impasto.bot.application import local_engine
from impasto.config import Settings
from impasto.effects import Effect, EffectError, OptionValue
from impasto.engine import base
from impasto.engine.local import LocalEngine
from impasto.i18n import Language
from impasto.text import text as _

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
_NO_LIMIT = 2**40


class WrongUse(Exception):
    """The command line does not make sense; the message says why."""


def parse_options(effect: Effect, given: Sequence[str]) -> dict[str, OptionValue]:
    """Options of the form key=value. Raises `WrongUse` that names the options there are."""
    options = effect.defaults()
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals and key in options:
            raise WrongUse(f"{key} needs a value: {key}=VALUE")
        if key not in options:
            known = ", ".join(options) or "none"
            raise WrongUse(f"{pair!r} is no option of {effect.id}; its options, as KEY=VALUE: {known}")
        try:
            options[key] = effect.option(key).parse(value)
        except ValueError as error:
            raise WrongUse(f"{key}={value}: {error}") from error
    return options


def plan(effect: Effect, pictures: Sequence[Path], output: Path) -> list[tuple[dict[str, list[Path]], Path]]:
    """Which pictures go into which slots, and where the result of each job goes.

    One slot and several pictures make several jobs, whose results go into the folder `output`.
    """
    try:
        filled = slots.fill(effect, pictures)
    except ValueError as error:
        names = ", ".join(slot.name for slot in effect.slots)
        raise WrongUse(f"{effect.id} takes, in this order: {names}; {len(pictures)} given") from error
    if len(filled) == 1 and not output.is_dir():
        jobs = [(filled[0], output)]
    elif output.suffix.lower() in _FORMATS and not output.is_dir():
        raise WrongUse(f"{len(filled)} results need a folder, and {output} is the name of a file")
    else:
        output.mkdir(parents=True, exist_ok=True)
        first = effect.slots[0].name
        jobs = [(job, output / f"{job[first][0].stem}.png") for job in filled]
    sources = {picture.resolve() for picture in pictures}
    for _slots, target in jobs:
        if target.suffix.lower() not in _FORMATS:
            raise WrongUse(f"{target}: the result can be .png or .jpg")
        if not target.parent.is_dir():
            raise WrongUse(f"{target}: there is no folder {target.parent}")
        if target.resolve() in sources:
            raise WrongUse(f"{target} is one of the pictures; choose another name or folder")
    return jobs


async def apply(
    settings: Settings,
    effect: Effect,
    jobs: Sequence[tuple[Mapping[str, Sequence[Path]], Path]],
    options: Mapping[str, OptionValue],
    seed: int,
    language: Language,
    details: bool = False,
) -> None:
    """Make each job's picture and write it; with `details`, what was recorded goes beside it.

    Raises `EffectError` for the first that fails.
    """
    engine = local_engine(settings)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns) as bars:
        await engine.start()
        try:
            for number, (filled, target) in enumerate(jobs):
                bar = bars.add_task(target.name, total=1.0)
                task = base.Task(
                    id=str(number),
                    attempt=1,
                    effect_id=effect.id,
                    options=options,
                    images={
                        slot: tuple(base.InputPicture(path.read_bytes()) for path in paths)
                        for slot, paths in filled.items()
                    },
                    outputs=(_output(target),),
                    seed=seed,
                    details=details,
                )
                finished = await _run(engine, task, partial(_advance, bars, bar))
                target.write_bytes(finished.pictures[0].data)
                bars.update(bar, completed=1.0)
                for note in finished.notes:
                    bars.console.print(language(note), style="dim")
                for name, value in finished.facts:
                    bars.console.print(f"{name}: {value}", style="dim", highlight=False)
                for file in finished.attachments:
                    target.with_name(f"{target.stem}-{file.name}").write_bytes(file.data)
        finally:
            await engine.stop()


def _advance(bars: Progress, bar: TaskID, fraction: float) -> None:
    bars.update(bar, completed=fraction)


async def _run(engine: LocalEngine, task: base.Task, show: Callable[[float], None]) -> base.Finished:
    submitted = False
    async for event in engine.events():
        match event:
            case base.CapacityChanged() if not submitted and any(d.ready for d in engine.capacity()):
                await engine.submit(task)
                submitted = True
            case base.Progress(fraction=fraction):
                show(fraction)
            case base.Finished():
                return event
            case base.Failed(message=message, detail=detail):
                raise EffectError(message, detail)
            case base.WorkerLost(exitcode=exitcode):
                raise EffectError(
                    _("The work broke off in the middle of the picture."), f"exit code {exitcode}"
                )
    raise AssertionError("the engine's events do not end")


def _output(target: Path) -> imaging.Output:
    png = _FORMATS[target.suffix.lower()] == "PNG"
    return imaging.Output("file", "PNG" if png else "JPEG", max_bytes=_NO_LIMIT)
