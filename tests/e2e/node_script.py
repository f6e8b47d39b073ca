"""A script of ours under Node that drives Firefox, from start to end: a test that fails leaves no browser behind."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

# After the script was told to end: Firefox closes in a second, on a busy machine in several.
_PATIENCE_S = 20


@contextmanager
def node_script(command: Sequence[str], give_up_s: float) -> Iterator[subprocess.Popen[str]]:
    """The running script; afterwards its end is waited for. `give_up_s`: a hang guard."""
    process = subprocess.Popen(list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    # Why SIGTERM: puppeteer then ends the browser it started; SIGKILL would leave it running for ever.
    guard = threading.Timer(give_up_s, process.terminate)
    guard.start()
    try:
        yield process
        process.communicate(timeout=30)
    finally:
        guard.cancel()
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        finally:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
