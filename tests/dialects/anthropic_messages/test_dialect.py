"""Tests of the dialect as its callers see it."""

from tests.dialects.anthropic_messages.kit import DIALECT, events_of, text_stream


def test_how_it_is_known() -> None:
    """Its name in registries, and its path behind a base URL."""
    assert ("anthropic-messages", "/v1/messages") == (DIALECT.name, DIALECT.path("m", stream=False))


def test_what_it_tells_of_its_clients() -> None:
    """The header without which Anthropic refuses a request, and where its SDKs find the id."""
    assert (b"anthropic-version", b"request-id") == (
        DIALECT.caller_header,
        DIALECT.request_id_header,
    )


def test_its_sentinel_closes_a_stream() -> None:
    """For an upstream that left it out."""
    whole = text_stream("a")
    cut = whole[: whole.index(b"event: message_stop")]

    assert whole == cut + DIALECT.sentinel
    assert events_of(whole) == events_of(cut + DIALECT.sentinel)


def test_usage_is_part_of_every_stream() -> None:
    """No client needs to ask."""
    assert DIALECT.wants_usage({})


def test_streams_are_their_own() -> None:
    """Two answers share nothing."""
    one, other = DIALECT.decoder(), DIALECT.decoder()
    one.feed(text_stream("a"))

    assert list(other.feed(text_stream("b"))) == events_of(text_stream("b"))
    assert DIALECT.watcher(wants_usage=True) is not DIALECT.watcher(wants_usage=True)
