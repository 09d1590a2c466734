"""The hooks of Impasto. Each is one sentence, returns data, and has an example in docs/plugins.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pluggy

from impasto.effects import Effect, Weights

hookspec = pluggy.HookspecMarker("impasto")


@hookspec
def impasto_effects(weights_folder: Path) -> Sequence[Effect]:  # type: ignore[empty-body]
    """The effects that this plugin offers; called in core and worker, so it imports no torch.

    `weights_folder` is the owner's: a plugin can offer effects for the networks that it finds there.
    """


@hookspec
def impasto_weights(weights_folder: Path) -> Sequence[Weights]:  # type: ignore[empty-body]
    """The weights that its effects name, those found in the owner's folder too; called in core and worker."""


@hookspec
def impasto_locales() -> Path:  # type: ignore[empty-body]
    """A folder of catalogues, LANGUAGE/LC_MESSAGES/NAME.po, with the plugin's texts; called in core."""


@hookspec
def impasto_job_finished(effect_id: str, outcome: str, seconds: float) -> None:
    """A job came to its end: "finished", "failed" or "cancelled" after so many seconds; called in core."""


@hookspec
def impasto_forget_user(user_id: int) -> None:
    """A user sent /reset or /forgetme: drop what the plugin keeps of them; called in core."""
