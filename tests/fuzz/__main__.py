"""Long fuzzing runs: ``python -m tests.fuzz NAME --seconds N``; without a name it lists what there is."""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import sys

from tests.fuzz.harness import REGRESSIONS, Finding, run, suites

# A single input that hangs shows where: the stack is printed and the run ends.
HANG_S = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("name", nargs="*", help="targets; `all` for every one")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another run")
    options = parser.parse_args()
    known = suites()
    names = list(known) if options.name == ["all"] else options.name
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        print("targets:", " ".join(known), file=sys.stderr)
        return 2
    failures = 0
    for name in names:
        faulthandler.dump_traceback_later(options.seconds + HANG_S, exit=True)
        try:
            report = run(known[name], seconds=options.seconds, seed=options.seed)
        except Finding as finding:
            folder = REGRESSIONS / name
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / hashlib.sha256(finding.data).hexdigest()[:12]
            path.write_bytes(finding.data)
            print(f"{finding}\nkept as {path}")
            failures += 1
        else:
            print(
                f"{name}: {report.inputs} inputs, {report.outcomes} outcomes, "
                f"slowest {report.slowest_cpu_s * 1000:.0f} ms, {report.peak_bytes / 1e6:.1f} MB at most"
            )
    faulthandler.cancel_dump_traceback_later()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
