# ruff: noqa: N802, N803 - pywin32's own names
"""As in pywin32 312: registering writes down what Windows would start."""

import json
import os
import sys
from pathlib import Path

REGISTERED = Path(os.environ["FAKE_WINDOWS"]) / "service.json"


class ServiceFramework:
    def __init__(self, args):
        self.said = []

    def GetAcceptedControls(self):
        return 1

    def ReportServiceStatus(self, status, waitHint=5000):
        print(status, flush=True)

    def SvcRun(self):
        self.ReportServiceStatus("running")
        self.SvcDoRun()


def HandleCommandLine(service, argv):
    if argv[-1] == "install":
        known = {"program": service._exe_name_, "arguments": service._exe_args_, "options": argv[1:-1]}
        REGISTERED.write_text(json.dumps(known))
    elif argv[-1] == "remove":
        REGISTERED.unlink()
    else:
        sys.exit(1)
    return 0
