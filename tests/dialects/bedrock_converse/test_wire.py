"""Tests of the wire's types."""

from msgspec import Raw

from trunkline.dialects.bedrock_converse import wire


def test_errors_under_both_names():
    """Services write "message" or "Message", and the type without a header as "__type"."""
    new = wire.ERROR.decode(b'{"message":"a","__type":"T"}')
    old = wire.ERROR.decode(b'{"Message":"b"}')

    assert ("a", "T", "b") == (new.message, new.type, old.other)


def test_present():
    """Null and absent say the same."""
    assert [None, None, Raw(b"1")] == [wire.present(Raw(raw)) for raw in (b"", b"null", b"1")]


def test_a_call_of_the_providers_own():
    """The type tells: absent and tool_use are the client's."""
    calls = [wire.ToolUseIn(type=kind) for kind in (None, "tool_use", "server_tool_use")]

    assert [True, True, False] == [call.is_clients for call in calls]
