"""What the named pyproject.toml files depend on, but for one another, as lines that pip reads.

The image installs these before it sees any code, so that a change of code rebuilds only the last layer.
"""

import sys
import tomllib
from pathlib import Path

projects = [tomllib.loads(Path(name).read_text(encoding="utf-8"))["project"] for name in sys.argv[1:]]
wanted = {line for project in projects for line in project["dependencies"]}
sys.stdout.writelines(f"{line}\n" for line in sorted(wanted - {project["name"] for project in projects}))
