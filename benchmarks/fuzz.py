"""Fuzz every reader within bounds: each input ends in whole files or a told error, within seconds.

python benchmarks/fuzz.py [--inputs 10000] [--seed 0] [--forked] [TARGET …]

An input that fails is left in build/fuzz/ under its target's name. A hang is a failure too: an input has SECONDS, and
where a library itself does not come back the process ends with every thread's place. --forked saves starting Python
for each input: see forked.py.
"""

from __future__ import annotations

import argparse
import collections
import faulthandler
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from forked import READERS, Loaded, forked_readers  # noqa: E402
from fuzz_inputs import inputs  # noqa: E402
from fuzz_targets import TARGETS, Target, folder_of, survive  # noqa: E402

FOUND = HERE.parent / "build" / "fuzz"
#: Of processor time: a busy machine is no hang. The slowest real input takes half a second.
SECONDS = 20


class HangError(Exception):
    """An input took longer than SECONDS."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raise HangError in Python code, or end the process where a library does not come back."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    faulthandler.dump_traceback_later(30 * seconds, exit=True)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()


def hang(*_: object) -> None:
    """Turn the alarm into an error."""
    raise HangError(f"longer than {SECONDS} s")


def fuzz(target: Target, count: int, number: int) -> tuple[collections.Counter[str], float]:
    """Run `count` inputs of a target; return how often each ending was seen, and the slowest in processor seconds.

    Raises
    ------
    Exception
        What the first failing input raised; the input is left in build/fuzz/.
    """
    seen: collections.Counter[str] = collections.Counter()
    slowest = 0.0
    with folder_of(target) as folder:
        examples = target.examples(folder)

        @seed(number)
        @settings(
            max_examples=count, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(inputs(examples, target.form))
        def whatever(content: bytes) -> None:
            nonlocal slowest
            started = time.process_time()
            try:
                with at_most(SECONDS):
                    seen[survive(target, folder, content)] += 1
            except BaseException:
                FOUND.mkdir(parents=True, exist_ok=True)
                (FOUND / target.name).write_bytes(content)
                raise
            slowest = max(slowest, time.process_time() - started)

        whatever()
    return seen, slowest


def main() -> int:
    """Fuzz the targets named, or all of them, and print what was seen of each."""
    words = argparse.ArgumentParser(description="Fuzz every reader within bounds.")
    words.add_argument("targets", nargs="*", metavar="TARGET")
    words.add_argument("--inputs", type=int, default=10_000)
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--forked", action="store_true")
    given_words = words.parse_args()
    names = given_words.targets or [target.name for target in TARGETS]
    warnings.simplefilter("error")
    signal.signal(signal.SIGPROF, hang)
    failed = 0
    for target in TARGETS:
        if target.name not in names:
            continue
        try:
            with Loaded(*READERS) as loaded, forked_readers(loaded) if given_words.forked else nullcontext():
                seen, slowest = fuzz(target, given_words.inputs, given_words.seed)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for
            failed += 1
            print(f"{target.name}: FAILED, {type(error).__name__}: {str(error)[:300]}", flush=True)
            continue
        endings = ", ".join(f"{ending} {n:,}" for ending, n in seen.most_common())
        print(f"{target.name}: {sum(seen.values()):,} inputs: {endings}; slowest {slowest:.2f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
