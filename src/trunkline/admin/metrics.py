"""Prometheus text from the frozen statistics of the rooms: every number they show, and nothing else."""

import re
from collections.abc import Iterator, Mapping

import msgspec

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")


def exposition(statistics: Mapping[str, object]) -> str:
    """
    `{"edge": Statistics(hot_requests=3)}` is `trunkline_edge_hot_requests 3`.

    A list of structs becomes one series by its `deployment`; a mapping one by `reason`.
    """
    lines: list[str] = []
    for room, struct in statistics.items():
        lines.extend(_series(f"trunkline_{room}", msgspec.to_builtins(struct), ""))
    return "\n".join(lines) + "\n"


def _series(name: str, value: object, labels: str) -> Iterator[str]:
    name = _NOT_IN_NAMES.sub("_", name)
    if isinstance(value, bool | int | float):
        yield f"{name}{labels} {value + 0}"
    elif isinstance(value, str):
        if labels and value in {"closed", "open", "half_open"}:
            yield f"{name}_{value}{labels} 1"
    elif isinstance(value, dict):
        counts = bool(value) and all(isinstance(v, int) for v in value.values())
        if counts and name.endswith("_refused"):
            for reason, count in value.items():
                yield f'{name}{{reason="{_escape(reason)}"}} {count}'
            return
        for key, inner in value.items():
            yield from _series(f"{name}_{key}", inner, labels)
    elif isinstance(value, list | tuple):
        for item in value:
            if isinstance(item, dict) and "deployment" in item:
                label = f'{{deployment="{_escape(str(item["deployment"]))}"}}'
                yield from _series(name, item, label)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
