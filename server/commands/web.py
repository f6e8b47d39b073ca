"""`python -m server.commands.web ARGUMENTS`: npm in web/ with the Node of .venv, for CI and for web developers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from server import bootstrap


def run_npm(arguments: Sequence[str]) -> int:
    """Its exit code; output goes where ours goes."""
    node = bootstrap.node_folder()
    command = [str(part) for part in bootstrap.npm(node, *arguments)]
    environment = bootstrap.web_environment(node)
    return subprocess.run(command, cwd=bootstrap.WEB, env=environment, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(run_npm(sys.argv[1:]))
