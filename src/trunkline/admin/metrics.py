"""
Prometheus text from the frozen statistics of the rooms: every number they show, and nothing else.

The format: prometheus.io, Exposition formats, text format 0.0.4 (seen 2026-11-21).
"""

import re
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from trunkline.observe.names import METRICS, Metric

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")

Labels = tuple[tuple[str, str], ...]


class _Sample(Struct, frozen=True):
    place: str
    """ "edge.refused", as in METRICS."""
    labels: Labels
    value: float | str


def exposition(statistics: Mapping[str, object]) -> str:
    """
    `{"edge": Statistics(hot_requests=3)}` is `trunkline_edge_requests_total 3`, as METRICS names it.

    The numbers of a list of structs are told apart by their `deployment`.
    """
    families: dict[str, list[str]] = {}
    for room, struct in statistics.items():
        for sample in _samples(room, msgspec.to_builtins(struct), ()):
            metric = METRICS.get(sample.place) or _unnamed(sample.place)
            lines = list(_lines(metric, sample))
            if lines:
                families.setdefault(metric.name, _head(metric)).extend(lines)
    return "".join(f"{line}\n" for lines in families.values() for line in lines)


def _samples(place: str, value: object, labels: Labels) -> Iterator[_Sample]:
    metric = METRICS.get(place)
    if isinstance(value, int | float | str):  # truth is a number, too
        yield _Sample(place, labels, value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if metric is not None and metric.label:
                yield from _samples(place, inner, (*labels, (metric.label, key)))
            else:
                yield from _samples(f"{place}.{key}", inner, labels)
    elif isinstance(value, list | tuple):
        for item in value:
            if isinstance(item, dict) and "deployment" in item:
                named = (*labels, ("deployment", str(item["deployment"])))
                yield from _samples(place, item, named)


def _lines(metric: Metric, sample: _Sample) -> Iterator[str]:
    """A text that is no state of a metric says nothing."""
    if not isinstance(sample.value, str):
        yield _series(metric.name, sample.labels, sample.value * metric.scale)
        return
    for state in metric.states:
        labels = (*sample.labels, (metric.label, state))
        yield _series(metric.name, labels, int(state == sample.value))


def _head(metric: Metric) -> list[str]:
    told = metric.help.replace("\\", "\\\\").replace("\n", "\\n")
    return [f"# HELP {metric.name} {told}", f"# TYPE {metric.name} {metric.kind}"]


def _series(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{label}="{_escape(text)}"' for label, text in labels)
    return f"{name}{{{inside}}} {value}" if inside else f"{name} {value}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _unnamed(place: str) -> Metric:
    name = _NOT_IN_NAMES.sub("_", f"trunkline_{place}")
    return Metric(name, "untyped", f"The statistic {place}.")
