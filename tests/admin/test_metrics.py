"""Statistics as Prometheus reads them."""

import re
from collections.abc import Mapping

import pytest
from msgspec import Struct

from tests.gateway import within
from trunkline.admin.metrics import exposition
from trunkline.observe.names import METRICS
from trunkline.wiring.serving import edge

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
_SERIES = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)")
_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}

Family = tuple[str, dict[tuple[tuple[str, str], ...], float]]


def parse(text: str) -> dict[str, Family]:
    """
    Strictly, text format 0.0.4: name -> (type, labels -> value).

    Each metric is one stretch of HELP, TYPE and its series, and no series comes twice.
    """
    assert text.endswith("\n") or not text
    families: dict[str, Family] = {}
    helped = name = ""
    for line in text.splitlines():
        if head := re.fullmatch(rf"# HELP ({_NAME}) (\S.*)", line):
            helped = head[1]
        elif head := re.fullmatch(rf"# TYPE ({_NAME}) (counter|gauge|untyped)", line):
            name = head[1]
            assert helped == name, f"no HELP right before {line}"
            assert name not in families, f"{name} in two stretches"
            families[name] = (head[2], {})
        else:
            series = _SERIES.fullmatch(line)
            assert series is not None, line
            assert name == series[1], f"{line} stands among those of {name}"
            labels = tuple(
                (label, re.sub(r"\\.", lambda found: _ESCAPES[found[0]], value))
                for label, value in re.findall(_LABEL, series[2] or "")
            )
            assert labels not in families[name][1], f"twice: {line}"
            families[name][1][labels] = float(series[series.re.groups])
    assert all(samples for _, samples in families.values())
    return families


class Target(Struct):
    deployment: str
    health: str
    latency_ms: float


class Edge(Struct):
    hot_requests: int
    draining: bool
    name: str
    refused: Mapping[str, int]


@pytest.mark.parametrize(
    "text",
    (
        "# TYPE a gauge\na 1\n",
        "# HELP a x\n# TYPE a gauge\na 1\n# HELP b x\n# TYPE b gauge\nb 1\na 2\n",
        "# HELP a x\n# TYPE a gauge\na 1\na 1\n",
        '# HELP a x\n# TYPE a gauge\na{b="\n"} 1\n',
        '# HELP a x\n# TYPE a gauge\na{b="\\x"} 1\n',
        "# HELP a x\n# TYPE a gauge\na 1",
        "# HELP a x\n# TYPE a gauge\na-b 1\n",
        "# HELP a x\n# TYPE a gauge\n",
    ),
)
def test_the_parser_is_strict(text):
    """Or the tests below would prove nothing."""
    with pytest.raises(AssertionError):
        parse(text)


def test_a_number_is_a_series_with_help_and_type():
    """As the table of names has it; truth is 1; text that is no state says nothing."""
    text = exposition({"edge": Edge(3, True, "x", {})})

    assert (
        "# HELP trunkline_edge_requests_total Requests given to an endpoint.\n"
        "# TYPE trunkline_edge_requests_total counter\n"
        "trunkline_edge_requests_total 3\n"
        "# HELP trunkline_edge_draining 1 while finishing before a stop.\n"
        "# TYPE trunkline_edge_draining gauge\n"
        "trunkline_edge_draining 1\n" == text
    )


def test_what_the_table_does_not_have_is_shown_untyped():
    """Under the name of its place, made fit for Prometheus."""
    assert {"trunkline_pool_a_b_c": ("untyped", {(): 1.5})} == parse(
        exposition({"pool": {"a-b": {"c": 1.5}}})
    )


def test_reasons_are_labels():
    """So that an alert may sum over them; whatever stands in them is escaped."""
    text = exposition({"edge": Edge(0, False, "", {"busy": 2, 'a"b\\c\nd': 1})})

    refused = {(("reason", "busy"),): 2.0, (("reason", 'a"b\\c\nd'),): 1.0}
    assert ("counter", refused) == parse(text)["trunkline_edge_refused_total"]


def test_targets_and_states_are_labels():
    """All series of one metric stand together; a state that is over says 0."""
    targets = (Target("a/m", "open", 1500.0), Target("b/m", "closed", 0.0))
    found = parse(exposition({"routing": targets}))

    health = {
        (("deployment", target), ("state", state)): float(state == now)
        for target, now in (("a/m", "open"), ("b/m", "closed"))
        for state in ("closed", "half_open", "open")
    }
    assert ("gauge", health) == found["trunkline_target_health"]
    seconds = {(("deployment", "a/m"),): 1.5, (("deployment", "b/m"),): 0.0}
    assert ("gauge", seconds) == found["trunkline_target_first_content_seconds"]


def test_nothing_known_is_an_empty_page():
    """A scrape before the first request."""
    assert "" == exposition({"routing": ()})


def test_a_running_gateways_metrics_are_all_named(tmp_path):
    """No number is without a line in the table, no line of the table without a number."""

    async def test(w) -> None:
        await w.chat(await w.key())
        listening = edge(w.gateway, w.gateway._read_config()[0].server)
        listening.context.refused("busy")
        found = parse(exposition(w.gateway.statistics()))

        assert {metric.name: metric.kind for metric in METRICS.values()} == {
            name: kind for name, (kind, _) in found.items()
        }

    within(tmp_path, test)
