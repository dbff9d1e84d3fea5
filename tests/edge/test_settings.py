"""What the configuration says of the server reaches the edge."""

from trunkline.config.schema import ServerConfig
from trunkline.edge.limits import Limits, Shutdown
from trunkline.edge.settings import limits_of, stages_of

SERVER = ServerConfig(
    max_body_bytes=7,
    header_timeout=1.5,
    body_timeout=2.5,
    keep_alive_timeout=3.5,
    write_timeout=4.5,
    accept_grace=5.5,
    drain_timeout=6.5,
)


def test_limits():
    """What the section does not name keeps its default."""
    assert Limits(
        body_bytes=7, head_seconds=1.5, body_seconds=2.5, idle_seconds=3.5, write_seconds=4.5
    ) == limits_of(SERVER)


def test_stages_of_the_end():
    """The farewell is not the operator's to choose."""
    assert Shutdown(accept_grace=5.5, drain_timeout=6.5) == stages_of(SERVER)


def test_an_empty_section_changes_nothing():
    """Its defaults are the edge's own."""
    assert Limits() == limits_of(ServerConfig())
