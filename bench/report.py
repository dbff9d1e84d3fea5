"""What a run of the benchmark says: its table, and our goals against it."""

import msgspec

from bench.machine import Load


class Result(msgspec.Struct):
    case: str
    gateway: str
    load: Load
    cpu_us: float
    """Per unit of the case."""


def table(results: list[Result]) -> str:
    """Markdown: one row a case and gateway, as measured, with ratios to nginx in the same run."""
    lines = [
        "| case | gateway | per s | CPU us | p50 ms | p99 ms | TTFB p50 ms | errors | CPU of nginx | rate of nginx |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    nginx = {r.case: r for r in results if r.gateway == "nginx"}
    for r in results:
        base = nginx.get(r.case)
        cpu = f"{r.cpu_us / base.cpu_us:.2f}x" if base and base.cpu_us else "-"
        rate = f"{r.load.rps / base.load.rps:.2f}" if base and base.load.rps else "-"
        load = r.load
        lines.append(
            f"| {r.case} | {r.gateway} | {load.rps:,.0f} | {r.cpu_us:.1f} | {load.p50_us / 1e3:.2f} "
            f"| {load.p99_us / 1e3:.2f} | {load.ttfb50_us / 1e3:.2f} | {load.bad + load.errs} | {cpu} | {rate} |"
        )
    return "\n".join(lines)


class Measured:
    """One run, asked for ratios: "not measured" where either side of one is missing."""

    def __init__(self, results: list[Result]) -> None:
        self._found = {(r.case, r.gateway): r for r in results}

    def has(self, case: str, gateway: str) -> bool:
        return (case, gateway) in self._found

    def cpu(self, case: str, whose: str = "trunkline") -> str:
        ours, base = self._found.get((case, whose)), self._found.get((case, "nginx"))
        return f"{ours.cpu_us / base.cpu_us:.2f}" if ours and base else "not measured"

    def rate(self, case: str, whose: str = "trunkline", over: str = "nginx") -> str:
        ours, base = self._found.get((case, whose)), self._found.get((case, over))
        if ours is None or base is None or not base.load.rps:
            return "not measured"
        return f"{ours.load.rps / base.load.rps:.2f}"

    def own(self, case: str, over: str) -> str:
        """Our rate in one case, of our rate in the other."""
        ours, base = self._found.get((case, "trunkline")), self._found.get((over, "trunkline"))
        return f"{ours.load.rps / base.load.rps:.2f}" if ours and base else "not measured"

    def added(self, case: str) -> str:
        """Milliseconds to the first byte, beyond those of no gateway at all."""
        ours, base = self._found.get((case, "trunkline")), self._found.get((case, "direct"))
        if ours is None or base is None:
            return "not measured"
        return f"{(ours.load.ttfb50_us - base.load.ttfb50_us) / 1000:.2f}"


def verdicts(results: list[Result]) -> list[str]:
    """Our goals, each with what this run says of it; of other gateways those that were measured."""
    run = Measured(results)
    plain, stream, paced = "plain, c=64", "stream, c=64", "paced stream (2 ms an event), c=64"
    anthropic, large = "stream Anthropic, c=64", "200 KB body, c=16"
    to_anthropic, to_openai = (
        "OpenAI client, Anthropic upstream",
        "Anthropic client, OpenAI upstream",
    )
    answering = "Responses client, OpenAI upstream"
    others = [
        f"| requests/s, of {title}'s | >= {least} | {run.rate(plain, over=gateway)} |"
        for title, gateway, least in (("LiteLLM", "litellm", 150), ("Portkey", "portkey", 18))
        if run.has(plain, gateway)
    ]
    return [
        "",
        "| goal | must | this run |",
        "|---|---|---|",
        f"| CPU per request, of nginx's | <= 5 | {run.cpu(plain)} |",
        f"| requests/s, of nginx's | >= .20 | {run.rate(plain)} |",
        *others,
        f"| CPU per relayed event, of nginx's | <= 3 | {run.cpu(paced)} |",
        f"| streams/s, of nginx's | >= .30 | {run.rate(stream)} |",
        f"| streams/s of Anthropic's, of nginx's | >= .30 | {run.rate(anthropic)} |",
        f"| {to_anthropic}, of our own | >= .5 | {run.own(to_anthropic, stream)} |",
        f"| {to_openai}, of our own | >= .5 | {run.own(to_openai, anthropic)} |",
        f"| {answering}, of our own | >= .5 | {run.own(answering, stream)} |",
        f"| ms added to the first byte, one client: a whole answer | <= .3 | {run.added('plain, c=1')} |",
        f"| 53 events at once | <= .3 | {run.added('stream, c=1')} |",
        f"| 200 KB body, CPU of nginx's | <= 4 | {run.cpu(large)} |",
        f"| two workers, six limits on the key: CPU per request, of nginx's | <= 5 | {run.cpu(plain, 'limited')} |",
        f"| the same, requests/s | >= .20 | {run.rate(plain, 'limited')} |",
    ]
