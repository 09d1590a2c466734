"""Which devices there are, asked of torch in a process of its own, since the core never imports torch."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from importlib.util import find_spec

from impasto.config import ConfigurationError

log = logging.getLogger(__name__)

_PROBE = """
import json, torch
count = torch.cuda.device_count() if torch.cuda.is_available() else 0
print(json.dumps({f"cuda:{i}": torch.cuda.get_device_name(i) for i in range(count)}))
"""
_PROBE_TIMEOUT = 120.0


async def find_devices(setting: str) -> dict[str, str]:
    """Device ids and names for the setting `devices`: "auto", "cpu" or "cuda:0,cuda:1".

    "auto" is every CUDA device that torch can use, or the CPU where there is none. Raises
    `ConfigurationError` where a device that is named is not there.
    """
    if setting == "cpu":
        return {"cpu": "CPU"}
    found = await _cuda_devices() if find_spec("torch") else {}
    if setting == "auto":
        return found or {"cpu": "CPU"}
    named = setting.split(",")
    if missing := [device for device in named if device not in found]:
        there = ", ".join(found) or "only the CPU"
        raise ConfigurationError(f"devices: torch finds no {', '.join(missing)} here; it finds {there}")
    return {device: found[device] for device in named}


async def _cuda_devices() -> dict[str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROBE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), _PROBE_TIMEOUT)
    except TimeoutError:
        process.kill()
        await process.wait()
        log.error("torch did not say within %d s which devices there are; using the CPU", _PROBE_TIMEOUT)
        return {}
    if process.returncode:
        log.error("torch cannot be used, so only the CPU is: %s", errors.decode(errors="replace")[-500:])
        return {}
    devices: dict[str, str] = json.loads(output)
    return devices
