"""
Mutated inputs by the million, into every way into every dialect: make fuzz.

Prints how fast, how many ways through the code were found and when the newest (a curve that has
gone flat), and each escape with its smallest input, which is saved into tests/fuzz/corpus.
"""

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from random import Random, SystemRandom
from types import FrameType

from msgspec import Struct

from tests.fuzz.hunt import Finding, Hunt
from tests.fuzz.seeds import of_corpus, of_recordings, save
from tests.fuzz.targets import Target, targets

ROOT = Path(__file__).parent.parent
SHARES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Of a target's executions, where its edges are told."""
STUCK = 10.0
"""Seconds: an execution that takes longer is a finding, too."""
STEP = 1000


class Job(Struct, frozen=True):
    target: str
    executions: int
    seed: int
    shared: Path


class Result(Struct, frozen=True):
    job: Job
    seconds: float
    curve: Sequence[int]
    """Edges, at each of SHARES."""
    newest: int
    """The execution that found the last of them."""
    findings: Sequence[Finding]


class Stuck(Exception):
    """Raised into an execution that does not end."""


def main(arguments: Sequence[str]) -> int:
    wanted = _parser().parse_args(arguments)
    chosen = [target for target in targets() if wanted.only in target.name]
    counts = Counter(target.dialect for target in chosen)
    jobs = [
        Job(t.name, wanted.executions // counts[t.dialect], wanted.seed, wanted.recordings)
        for t in sorted(chosen, key=lambda t: "decoder" not in t.name)  # the slowest first
    ]
    print(
        f"{len(jobs)} targets, seed {wanted.seed}, edges at "
        + ", ".join(map("{:.0%}".format, SHARES))
    )
    began = time.perf_counter()
    results = []
    with ProcessPoolExecutor(wanted.workers, get_context("spawn")) as pool:
        for done in as_completed([pool.submit(work, job) for job in jobs]):
            results.append(done.result())
            print(line(results[-1]), flush=True)
    return tell(results, {t.name: t for t in chosen}, time.perf_counter() - began)


def work(job: Job) -> Result:
    """In a process of its own: coverage is traced for the whole of one."""
    (target,) = [target for target in targets() if target.name == job.target]
    dice = Random(f"{job.seed} {job.target}")  # noqa: S311 - to be repeated, not to be secret
    hunt = Hunt(target, seeds(target, job.shared), dice)
    began = time.perf_counter()
    with_watchdog(hunt)
    curve = []
    for share in SHARES:
        while hunt.executions < (aim := int(job.executions * share)):
            hunt.run(min(STEP, aim - hunt.executions))
        curve.append(len(hunt.edges))
    signal.setitimer(signal.ITIMER_REAL, 0)
    seconds = time.perf_counter() - began
    return Result(job, seconds, curve, hunt.newest, tuple(hunt.findings.values()))


def seeds(target: Target, shared: Path) -> Sequence[bytes]:
    """Of the kinds this target takes: the corpus, then recordings if there are any."""
    sources = [of_corpus(target.dialect)]
    if shared.is_dir():
        sources.append(of_recordings(shared, target.dialect))
    return [data for source in sources for kind in target.seeds for data in source.get(kind, ())]


def with_watchdog(hunt: Hunt) -> None:
    """Every so often: is it still the execution that it was the last time?"""
    last = -1

    def look(_number: int, _frame: FrameType | None) -> None:
        nonlocal last
        if last == hunt.executions:
            raise Stuck(f"more than {STUCK:.0f} s")
        last = hunt.executions

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, STUCK, STUCK)


def line(result: Result) -> str:
    job = result.job
    edges = " ".join(f"{edges:6,}" for edges in result.curve)
    newest = result.newest / max(1, job.executions)
    return (
        f"{job.target:28}{job.executions:12,} in {result.seconds:7,.0f} s"
        f" {job.executions / max(result.seconds, 1e-9):8,.0f}/s {edges}"
        f"  newest at {newest:4.0%}  {len(result.findings)} findings"
    )


def tell(results: Sequence[Result], known: dict[str, Target], seconds: float) -> int:
    executions = sum(result.job.executions for result in results)
    curve = [sum(column) for column in zip(*(result.curve for result in results), strict=True)]
    print(
        f"{executions:,} executions in {seconds:,.0f} s, {executions / seconds:,.0f}/s; edges",
        end=" ",
    )
    print(
        ", ".join(f"{edges:,} at {share:.0%}" for share, edges in zip(SHARES, curve, strict=True))
    )
    findings = [finding for result in results for finding in result.findings]
    for finding in findings:
        target = known[finding.target]
        path = save(target.dialect, target.seeds, finding.data, finding.name)
        print(
            f"\n{finding.target}: {finding.signature}\n{path}: {finding.data[:300]!r}\n{finding.told}"
        )
    print(f"{len(findings)} findings")
    return bool(findings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make fuzz ARGS=...", description=__doc__)
    add: Callable[..., object] = parser.add_argument
    add("--executions", type=int, default=100_000, help="for each dialect")
    add("--workers", type=int, default=2)
    add("--only", default="", help="targets whose names hold this: gemini, /decoder, ...")
    add("--seed", type=int, default=SystemRandom().getrandbits(32), help="repeats a run")
    add("--recordings", type=Path, default=ROOT.parent / "shared", help="recorded exchanges")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
