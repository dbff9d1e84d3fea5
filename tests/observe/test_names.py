"""Names as Prometheus wants them."""

import re

from trunkline.observe.names import METRICS


def test_names_are_prometheus_names():
    """One each, with the ending of their kind and no unit but base units."""
    for metric in METRICS.values():
        assert re.fullmatch(r"trunkline(_[a-z]+)+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert not re.search(r"_(ms|milli|micro|kilo|minutes)", metric.name)
        assert metric.help.endswith(".")
    assert len(METRICS) == len({metric.name for metric in METRICS.values()})
