"""What connections share."""

from tests.edge.world import FakeClock, FakeEndpoint, echo
from trunkline.canon.errors import InternalError, Malformed
from trunkline.edge.context import EdgeContext


def made(failures: list[BaseException] | None = None) -> EdgeContext:
    endpoints = {(b"POST", b"/a"): FakeEndpoint(echo)}
    found = failures if failures is not None else []
    return EdgeContext(
        endpoints, FakeClock(), lambda: "req_1", lambda _, error: found.append(error)
    )


def test_statistics() -> None:
    """Refusals are counted by reason; the copy does not change."""
    context = made()
    context.refused("host")
    context.refused("host")
    before = context.statistics()
    context.refused("host")

    assert {"host": 2} == before.refused
    assert (0, 0, 0, False) == (
        before.open_connections,
        before.bugs,
        before.hot_requests,
        before.draining,
    )


def test_a_bug_is_reported_and_told_in_general_terms() -> None:
    """The client learns that it was us, not what it was."""
    failures: list[BaseException] = []
    error = made(failures).bug(ZeroDivisionError("secret"))

    assert isinstance(error, InternalError)
    assert "secret" not in error.message
    assert [ZeroDivisionError] == [type(one) for one in failures]


def test_render() -> None:
    """By the endpoint where there is one."""
    context = made()
    endpoint = context.routes[b"/a"][b"POST"]

    assert b'"dialect":"fake"' in context.render(Malformed("x"), endpoint).body
    assert b'"type":"invalid_request_error"' in context.render(Malformed("x"), None).body


def test_the_date_follows_the_clock() -> None:
    """Only when told to look."""
    context = made()
    clock = context.clock
    assert isinstance(clock, FakeClock)
    before = context.date
    clock.now += 1.0
    assert before == context.date
    context.tick()
    assert before != context.date
