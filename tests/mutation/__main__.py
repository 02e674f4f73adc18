"""python -m tests.mutation [--each 12] [--seed 1] [--jobs 2] [module ...]: plant mistakes, see whether tests notice.

Prints, for each module, how many of its mutants were noticed, and every survivor with its place; fails where less than
95 % were. Mutants that no test can notice stand with the reason in `accepted.toml` and are not counted.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tomllib
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.mutation.mutants import Mutant, mutants, sample
from tests.mutation.preload import load_all_but, load_libraries
from tests.mutation.targets import ROOT, TARGETS, Target
from tests.mutation.trial import Trial, Verdict

ENOUGH: Final = 0.95
_LONGEST_BASELINE: Final = 300.0
_LEAST_SECONDS: Final = 20.0
_SLOWER: Final = 5
_LOOK_SECONDS: Final = 0.02


def accepted() -> dict[tuple[str, str], str]:
    """Reasons by module and name of the mutant."""
    listed = tomllib.loads((Path(__file__).parent / "accepted.toml").read_text("utf-8"))
    return {(one["module"], one["mutant"]): one["reason"] for one in listed.get("accepted", [])}


def tried(target: Target, chosen: Sequence[Mutant], jobs: int) -> Iterator[tuple[Mutant, Verdict]]:
    """Each of a module's mutants with what its tests said, some of them side by side."""
    unchanged = _finished([Trial(target.tests, _LONGEST_BASELINE)])[1]
    if unchanged.killed:
        raise SystemExit(f"The tests of {target.path} fail without any change: {unchanged.how}")
    seconds = max(_LEAST_SECONDS, _SLOWER * unchanged.seconds * jobs)
    waiting, running = list(reversed(chosen)), dict[Trial, Mutant]()
    while waiting or running:
        while waiting and len(running) < jobs:
            one = waiting.pop()
            mutation = (target.name, ROOT / target.path, one.tree(target.source))
            running[Trial(target.tests, seconds, mutation)] = one
        trial, verdict = _finished(list(running))
        yield running.pop(trial), verdict


def _finished(running: Sequence[Trial]) -> tuple[Trial, Verdict]:
    while True:
        for trial in running:
            if (verdict := trial.verdict()) is not None:
                return trial, verdict
        time.sleep(_LOOK_SECONDS)


def apart(target: Target, options: argparse.Namespace) -> tuple[int, int]:
    """`run` in a process of its own, which loads for this module what it can: nothing is ever unloaded."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            load_all_but(target.name, target.tests)
            os.write(writing, b"%d %d" % run(target, options))
            code = 0
        except BaseException:  # noqa: BLE001  # this process only tells what it was and ends
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().split()
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise SystemExit(f"The run over {target.path} broke off.")
    return int(told[0]), int(told[1])


def run(target: Target, options: argparse.Namespace) -> tuple[int, int]:
    """Try a module's mutants and say what came of it: how many were noticed, of how many."""
    reasons = accepted()
    every = [one for one in mutants(target.source) if options.only in one.name]
    chosen = sample(every, options.each, f"{options.seed}/{target.path}")
    counted = [one for one in chosen if (target.path, one.name) not in reasons]
    began, survivors = time.monotonic(), []
    for one, verdict in tried(target, counted, options.jobs):
        if not verdict.killed:
            survivors.append(one)
        if options.verbose:
            print(
                f"  {'killed  ' if verdict.killed else 'SURVIVED'} {_place(target, one)}  [{verdict.how}]", flush=True
            )
    killed = len(counted) - len(survivors)
    took = time.monotonic() - began
    print(f"{target.path}: {killed}/{len(counted)} killed, of {len(every)} possible, in {took:.0f} s", flush=True)
    for one in sorted(survivors, key=lambda one: one.line):
        print(f"  survived: {_place(target, one)}")
    for one in chosen:
        if (target.path, one.name) in reasons:
            print(f"  accepted: {_place(target, one)}  ({reasons[target.path, one.name]})")
    return killed, len(counted)


def _place(target: Target, one: Mutant) -> str:
    return f"{target.path}:{one.line} {one.name}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try what was asked for; 1 where too many survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Plant mistakes, see who notices.")
    parser.add_argument("modules", nargs="*", help="parts of paths of modules; all where none is given")
    parser.add_argument("--each", type=int, default=12, help="mutants of each module")
    parser.add_argument("--seed", default="1", help="which ones")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once")
    parser.add_argument("--only", default="", help="only mutants whose name holds this")
    parser.add_argument("--verbose", action="store_true", help="say of each mutant which test noticed it")
    options = parser.parse_args(arguments)
    targets = [one for one in TARGETS if not options.modules or any(part in one.path for part in options.modules)]
    load_libraries()
    found = [apart(target, options) for target in targets]
    killed, total = (sum(column) for column in zip(*found, strict=True)) if found else (0, 0)
    share = killed / total if total else 1.0
    print(f"mutants: {killed}/{total} killed ({share:.1%}; {ENOUGH:.0%} are wanted)")
    return 0 if share >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
