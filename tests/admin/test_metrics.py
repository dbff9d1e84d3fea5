"""Statistics as Prometheus reads them."""

from collections.abc import Mapping

from msgspec import Struct

from trunkline.admin.metrics import exposition


class Target(Struct):
    deployment: str
    health: str
    latency_ms: float


class Edge(Struct):
    hot_requests: int
    draining: bool
    name: str
    refused: Mapping[str, int]


def test_each_number_is_a_series_named_by_its_place():
    """Room, field, field within; truth is 1; text that is no number says nothing."""
    text = exposition({"edge": Edge(3, True, "x", {}), "pool": {"a-b": {"c": 1.5}}})

    assert (
        "trunkline_edge_hot_requests 3\n"
        "trunkline_edge_draining 1\n"
        "trunkline_pool_a_b_c 1.5\n" == text
    )


def test_reasons_are_labels():
    """So that an alert may sum over them."""
    text = exposition({"edge": Edge(0, False, "", {"busy": 2, 'a"b\\c\nd': 1})})

    assert 'trunkline_edge_refused{reason="busy"} 2\n' in text
    assert 'trunkline_edge_refused{reason="a\\"b\\\\c\\nd"} 1\n' in text


def test_targets_are_labels_and_their_health_a_series_of_its_own():
    """One line per target and number; the state's name is in the series' name."""
    text = exposition({"routing": (Target("a/m", "open", 1.5), Target("b/m", "closed", 0.0))})

    assert (
        'trunkline_routing_health_open{deployment="a/m"} 1\n'
        'trunkline_routing_latency_ms{deployment="a/m"} 1.5\n'
        'trunkline_routing_health_closed{deployment="b/m"} 1\n'
        'trunkline_routing_latency_ms{deployment="b/m"} 0.0\n' == text
    )


def test_nothing_known_is_an_empty_page():
    """A scrape before the first request."""
    assert "\n" == exposition({"routing": ()})
