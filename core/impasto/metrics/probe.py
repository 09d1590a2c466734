"""Asks the instance on this computer how it is; ends with 1 where it is not well. A container's health check.

The port is that of IMPASTO_METRICS__PORT. Needs no more than Python, since it is begun every half a minute.
"""

from __future__ import annotations

import http.client
import json
import os
import sys

_SECONDS = 5.0


def look(port: int) -> tuple[bool, str]:
    """Whether the instance is well, and a sentence."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        report = json.load(response)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return False, f"Impasto does not answer on port {port}: {error}"
    finally:
        connection.close()
    troubles = [check["trouble"] for check in report["checks"].values() if check["trouble"]]
    well = response.status == http.client.OK
    return well, "; ".join(["Impasto is well"] * well + troubles)


def main() -> None:
    """Look, say it and end."""
    well, sentence = look(int(os.environ["IMPASTO_METRICS__PORT"]))
    sys.stdout.write(f"{sentence}\n")
    sys.exit(not well)


if __name__ == "__main__":
    main()
