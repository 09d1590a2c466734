"""What every test starts with."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in the worker; read when torch is imported
