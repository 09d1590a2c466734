"""Discovers plugins through pluggy: installed packages by entry point, and modules in the owner's folder.

One plugin is loaded at a time, so a broken one is set aside with its reason while the rest run. Used by core
and worker alike; imports no torch.
"""

from __future__ import annotations

import importlib
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pluggy

from impasto import hookspecs
from impasto.effects import Category, Effect, Weights
from impasto.weights import WeightsFolder

log = logging.getLogger(__name__)

RESERVED_COMMANDS = frozenset({
    "start", "help", "effects", "examples", "settings", "language", "status", "cancel", "reset", "report",
    "about", "privacy", "forgetme", "id",
    "stats", "queue", "pause", "resume", "ban", "unban", "announce", "devices", "errors", "log",
})  # fmt: skip
"""Commands of the bot itself, which no effect may have."""


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """A plugin that was set aside, and why."""

    name: str
    reason: str


@dataclass(slots=True)
class Plugins:
    """What the installed plugins offer."""

    manager: pluggy.PluginManager
    folder: WeightsFolder
    effects: dict[str, Effect] = field(default_factory=dict)
    weights: dict[str, Weights] = field(default_factory=dict)
    locales: list[Path] = field(default_factory=list)
    broken: list[BrokenPlugin] = field(default_factory=list)
    _located: dict[str, Path] = field(default_factory=dict)
    """Where each was found the last time: the search through installed packages is slow."""

    def located(self, effect: Effect) -> dict[str, Path]:
        """The weights of `effect` that are on this machine, by name."""
        found: dict[str, Path] = {}
        for name in (*effect.weights, *effect.optional_weights):
            path = self._located.get(name)
            if path is None or not path.is_file():
                path = self.folder.locate(self.weights[name])
            if path is not None:
                found[name] = self._located[name] = path
        return found

    def missing(self, effect: Effect) -> list[Weights]:
        """The weights without which `effect` cannot run."""
        located = self.located(effect)
        return [self.weights[name] for name in effect.weights if name not in located]

    def offered(self) -> list[Effect]:
        """The effects whose weights are here, by category, as menus show them."""
        return [effect for effect in self.by_category() if not self.missing(effect)]

    def downloadable(self) -> list[Effect]:
        """The effects whose weights are not here, and can be had."""
        return [
            effect
            for effect in self.by_category()
            if (missing := self.missing(effect)) and all(weights.addresses for weights in missing)
        ]

    def tell(self, hook: str, **news: object) -> None:
        """Tell every plugin that listens; where one raises, it is logged, without its words about people."""
        for implementation in getattr(self.manager.hook, hook).get_hookimpls():
            try:
                implementation.function(**{name: news[name] for name in implementation.argnames})
            except (Exception, SystemExit) as error:  # whatever a stranger's code raises, the rest are told
                where = "".join(traceback.format_tb(error.__traceback__))
                name, kind = implementation.plugin_name, type(error).__name__
                log.error("plugin %s failed in %s: %s\n%s", name, hook, kind, where)

    def by_category(self) -> list[Effect]:
        """All effects, in the order of the categories."""
        categories = list(Category)
        return sorted(self.effects.values(), key=lambda effect: categories.index(effect.category))


def load_plugins(folder: Path, weights_folder: Path) -> Plugins:
    """Load every plugin that is installed or lies in `folder`."""
    manager = pluggy.PluginManager("impasto")
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(manager, WeightsFolder(weights_folder))
    for name, load in _found(folder):
        try:
            _add(plugins, name, load())
        except (Exception, SystemExit) as error:  # a stranger's code: whatever it raises, the rest run
            if manager.has_plugin(name):
                manager.unregister(name=name)
            plugins.broken.append(BrokenPlugin(name, f"{type(error).__name__}: {error}"))
            log.warning("plugin %s is set aside: %s", name, plugins.broken[-1].reason)
            log.debug("because of", exc_info=error)
    return plugins


def _found(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    for entry in sorted(entry_points(group="impasto"), key=lambda entry: entry.name):
        yield entry.name, entry.load
    if not folder.is_dir():
        return
    if str(folder) not in sys.path:  # processors are imported by name in the worker
        sys.path.append(str(folder))
    for path in sorted(folder.iterdir()):
        if path.stem.isidentifier() and (path.suffix == ".py" or (path / "__init__.py").is_file()):
            yield path.stem, lambda name=path.stem: importlib.import_module(name)  # type: ignore[misc]


def _add(plugins: Plugins, name: str, module: object) -> None:
    """Register `module` and take over what its hooks return, all of it or nothing."""
    manager = plugins.manager
    manager.register(module, name=name)
    manager.check_pending()
    folder = plugins.folder.path
    effects = {
        effect.id: effect
        for offered in _results(manager, "impasto_effects", name, weights_folder=folder)
        for effect in offered
    }
    weights = {
        item.name: item
        for offered in _results(manager, "impasto_weights", name, weights_folder=folder)
        for item in offered
    }
    for kind, new, known in (("effect", effects, plugins.effects), ("weights", weights, plugins.weights)):
        for taken in new.keys() & known.keys():
            raise ValueError(f"{kind} {taken!r} is offered by another plugin already")
    commands = {effect.command for effect in plugins.effects.values()} | RESERVED_COMMANDS
    for effect in effects.values():
        if effect.command and effect.command in commands:
            raise ValueError(f"effect {effect.id}: the command /{effect.command} is taken already")
        commands.add(effect.command)
        for needed in (*effect.weights, *effect.optional_weights):
            if needed not in weights and needed not in plugins.weights:
                raise ValueError(f"effect {effect.id} needs weights {needed!r}, which no plugin describes")
    locales = list(_results(manager, "impasto_locales", name))
    plugins.effects |= effects
    plugins.weights |= weights
    plugins.locales += locales


def _results(manager: pluggy.PluginManager, hook: str, plugin: str, **given: object) -> Iterator[Any]:
    """What the implementations of `hook` in one plugin return; each is given what it asks for by name."""
    for implementation in getattr(manager.hook, hook).get_hookimpls():
        if implementation.plugin_name == plugin:
            yield implementation.function(**{name: given[name] for name in implementation.argnames})
