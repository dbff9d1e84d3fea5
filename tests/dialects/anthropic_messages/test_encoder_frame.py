"""What stands around the blocks of a stream."""

from msgspec import Raw, json

from trunkline.canon.event import Started
from trunkline.canon.usage import Usage
from trunkline.dialects.anthropic_messages.encoder_frame import message_delta, message_start
from trunkline.dialects.anthropic_messages.wire import NAME
from trunkline.dialects.base import Stamp

STAMP = Stamp("0123456789abcdef", "asked-for", 1)
TIER = {"usage": Raw(b'{"service_tier":"standard"}')}


def said(event: bytes) -> dict[str, object]:
    """Its data; the name before it must be the same as in it."""
    name, _, data = event.removesuffix(b"\n\n").partition(b"\ndata: ")
    fields: dict[str, object] = json.decode(data)
    assert f"event: {fields['type']}".encode() == name
    return fields


def test_another_dialects_fields_stay_at_home() -> None:
    """Its id, too: clients know this API's by how it begins."""
    started = Started("chatcmpl-1", "", 1, {"system_fingerprint": Raw(b'"f"')}, "openai-chat")
    message = said(message_start(started, Usage(input=3), STAMP))["message"]

    assert isinstance(message, dict)
    assert ("asked-for", "msg_0123456789abcdef") == (message["model"], message["id"])
    assert "system_fingerprint" not in message


def test_what_the_start_said_of_the_usage_is_not_said_again() -> None:
    """Unless it has changed by the end."""
    started = Started("msg_1", "m", 1, TIER, NAME)
    changed = {"usage": Raw(b'{"service_tier":"batch"}'), "container": Raw(b'{"id":"c"}')}
    same = said(message_delta(started, TIER, ("end_turn", None), None, Usage(output=2)))
    other = said(message_delta(started, changed, ("end_turn", None), "END", Usage(output=2)))

    assert isinstance(same["usage"], dict)
    assert "service_tier" not in same["usage"]
    assert isinstance(other["usage"], dict)
    assert "batch" == other["usage"]["service_tier"]
    assert {
        "stop_reason": "end_turn",
        "stop_sequence": "END",
        "stop_details": None,
        "container": {"id": "c"},
    } == other["delta"]
