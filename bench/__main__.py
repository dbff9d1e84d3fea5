"""
The macro benchmark: the gateway beside nginx `proxy_pass` in one run, on this machine.

    python -m bench [--quick] [--seconds N] [--peers]

One worker of the gateway on the first core with every feature of the default configuration on
(keys, metering, journal, headers); load and upstream on the second. CPU microseconds per request are
the figures to trust; requests per second depend on who shares the machine.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import msgspec

from bench import soak
from bench.bodies import write_bodies
from bench.machine import Call, Program, compile_c, drive, free_port, running, wait_for
from bench.peers import BARE_PORTS, PEERS, Peer, Upstreams, bare_prototype
from bench.report import Result, table, verdicts

GATEWAY_CORE, TOOLS_CORE = 0, 1
EVENTS = 53
"""Of a stream of the mock upstream: 50 deltas, finish, usage, sentinel."""


class Case(msgspec.Struct, frozen=True):
    name: str
    path: str
    body: str
    upstream: str
    concurrency: int
    unit: str = "request"
    nginx: bool = True


CASES = [
    Case("stream, c=1", "/v1/chat/completions", "1k_s", "fast", 1, "stream"),
    Case("plain, c=1", "/v1/chat/completions", "1k", "fast", 1),
    Case("plain, c=16", "/v1/chat/completions", "1k", "fast", 16),
    Case("plain, c=64", "/v1/chat/completions", "1k", "fast", 64),
    Case("plain, c=256", "/v1/chat/completions", "1k", "fast", 256),
    Case("200 KB body, c=16", "/v1/chat/completions", "200k", "fast", 16),
    Case("stream, c=64", "/v1/chat/completions", "1k_s", "fast", 64, "stream"),
    Case("stream Anthropic, c=64", "/v1/messages", "anthropic_s", "fast", 64, "stream"),
    Case(
        "OpenAI client, Anthropic upstream",
        "/v1/chat/completions",
        "to_anthropic_s",
        "fast",
        64,
        "stream",
        nginx=False,
    ),
    Case(
        "Anthropic client, OpenAI upstream",
        "/v1/messages",
        "to_openai_s",
        "fast",
        64,
        "stream",
        nginx=False,
    ),
    Case(
        "Responses client, OpenAI upstream",
        "/v1/responses",
        "responses_s",
        "fast",
        64,
        "stream",
        nginx=False,
    ),
    Case(
        "Responses client, answers kept",
        "/v1/responses",
        "responses_kept_s",
        "fast",
        64,
        "stream",
        nginx=False,
    ),
    Case(
        "paced stream (2 ms an event), c=64",
        "/v1/chat/completions",
        "paced_s",
        "paced",
        64,
        "event",
    ),
]


def measure(
    case: Case, peer: Peer, program: Program | None, tool: Path, bodies: Path, seconds: float
) -> Result:
    path, headers = peer.route(case.path, case.upstream, case.body)
    call = Call(peer.port, path, bodies / f"{peer.body(case.body)}.json", headers)
    args = {"concurrency": case.concurrency, "core": TOOLS_CORE}
    drive(tool, call, seconds=min(1.0, seconds), **args)
    before = program.cpu() if program else 0.0
    load = drive(tool, call, seconds=seconds, **args)
    spent = program.cpu() - before if program else 0.0
    units = load.ok * (EVENTS if case.unit == "event" else 1)
    return Result(case.name, peer.name, load, spent * 1e6 / max(1, units))


def tools_folder() -> Path:
    shared = Path(os.environ.get("TRUNKLINE_SHARED", "../shared")).resolve() / "bench"
    if not (shared / "mock.c").exists():
        sys.exit(f"bench: the load tools are not there: {shared}; set TRUNKLINE_SHARED")
    return shared


def main() -> int:
    if sys.argv[1:2] == ["soak"]:
        return soak.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="per case and gateway")
    parser.add_argument("--quick", action="store_true", help="one second per case")
    parser.add_argument(
        "--peers", action="store_true", help="also LiteLLM and Portkey, where they are installed"
    )
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--out", type=Path, help="write the table there, too")
    options = parser.parse_args()
    seconds = 1.0 if options.quick else options.seconds
    shared = tools_folder()
    if not shutil.which("gcc"):
        sys.exit("bench: gcc is needed to build the load tools")
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        results, extras = run(Path(folder), shared, seconds, options.only, options.peers)
    text = table(results) + "\n\n" + "\n".join(extras)
    print("\n" + text)
    if options.out:
        options.out.write_text(text + "\n")
    return 1 if any(r.load.errs or r.load.bad for r in results) else 0


def run(
    folder: Path, shared: Path, seconds: float, only: str, peers: bool
) -> tuple[list[Result], list[str]]:
    """All programs run side by side, idle but for the one measured, so that each case is fair."""
    tool = compile_c(shared / "lg.c", folder / "lg")
    mock = compile_c(shared / "mock.c", folder / "mock")
    bodies = write_bodies(folder)
    ups = Upstreams(*BARE_PORTS) if bare_prototype() else Upstreams(free_port(), free_port())
    results: list[Result] = []
    # How it was built is worth a tenth of a request's CPU and more.
    extras = [f"Python {sys.version}"]
    with ExitStack() as stack:
        log = folder / "tools.log"
        stack.enter_context(running([mock, str(ups.fast)], core=TOOLS_CORE, log=log))
        stack.enter_context(running([mock, str(ups.paced), "2000"], core=TOOLS_CORE, log=log))
        wait_for(ups.fast)
        wait_for(ups.paced)
        ready = [p for p in PEERS if p.available(peers)]
        programs = {p.name: launch(p, folder, ups, stack, bodies, extras) for p in ready}
        for case in CASES:
            for peer in ready:
                if (
                    only in case.name
                    and (case.nginx or peer.translates)
                    and case.body in peer.knows
                ):
                    result = measure(case, peer, programs[peer.name], tool, bodies, seconds)
                    results.append(result)
                    print(
                        f"  {case.name:36} {peer.name:10} {result.load.rps:9.0f}/s "
                        f"{result.cpu_us:8.1f} us",
                        flush=True,
                    )
        extras += [f"{n}: RSS after the run {p.rss():.0f} MiB" for n, p in programs.items() if p]
    return results, extras + verdicts(results)


def launch(
    peer: Peer, folder: Path, ups: Upstreams, stack: ExitStack, bodies: Path, extras: list[str]
) -> Program | None:
    """None for the upstream itself, which runs already."""
    command = peer.prepare(folder, ups, free_port())
    if not command:
        return None
    log = folder / f"{peer.name}.log"
    begin = time.perf_counter()
    program = stack.enter_context(
        running(command, core=GATEWAY_CORE, env=peer.env(folder), log=log)
    )
    try:
        wait_for(peer.port, 60)
        first_answer(peer, bodies)
    except (OSError, TimeoutError) as error:
        tail = log.read_text(errors="replace")[-1500:] if log.exists() else ""
        sys.exit(f"bench: {peer.name} does not answer: {error}\n{tail}")
    took = time.perf_counter() - begin
    extras.append(
        f"{peer.name}: first answer {took:.2f} s after the start, RSS at rest {program.rss():.0f} MiB"
    )
    return program


def first_answer(peer: Peer, bodies: Path) -> None:
    path, headers = peer.route("/v1/chat/completions", "fast", "1k")
    request = urllib.request.Request(
        f"http://127.0.0.1:{peer.port}{path}",
        (bodies / f"{peer.body('1k')}.json").read_bytes(),
        dict(h.split(": ", 1) for h in headers) | {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


if __name__ == "__main__":
    sys.exit(main())
