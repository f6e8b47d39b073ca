"""How a child process begins (`python -m server.child_start MODULE`): the collector waits until all is loaded.

Why: while some thousand modules load, everything that is made stays, and looking through it over and over is a sixth of
the time until a page can be shown. `main` of the module sets the collector going.
"""

from __future__ import annotations

import gc
import runpy
import sys


def main() -> None:
    gc.disable()
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
