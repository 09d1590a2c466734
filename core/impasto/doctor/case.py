"""What the checks look at: whose Impasto it is, and what several of them need to know, found out once."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO

from impasto.config import Settings
from impasto.doctor.computing import Report, ask_torch
from impasto.doctor.conversation import Conversation, converse
from impasto.doctor.finding import Finding
from impasto.doctor.patient import Patient
from impasto.doctor.waiting import Once, in_thread
from impasto.plugins import Plugins, load_plugins


class Case:
    """An examination of `patient`."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self.conversation = Once(self._converse)
        self.torch: Once[Report] = Once(ask_torch)
        self.plugins = Once(lambda: in_thread(self._load_plugins))

    @property
    def settings(self) -> Settings:
        """The settings. For checks that are left out where there are none."""
        assert self.patient.settings is not None
        return self.patient.settings

    async def _converse(self) -> Conversation:
        token = self.patient.token
        return await converse(
            self.settings.telegram.base_url, None if isinstance(token, Finding) else token.value
        )

    def _load_plugins(self) -> Plugins:
        with redirect_stdout(StringIO()):  # what they print meanwhile is no part of the report
            return load_plugins(self.settings.plugins_folder, self.settings.weights_folder)
