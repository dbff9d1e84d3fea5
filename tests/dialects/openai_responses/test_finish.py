"""Why answers end."""

import pytest

from trunkline.canon.event import FinishReason
from trunkline.dialects.openai_responses.finish import finish_reason, native_of


@pytest.mark.parametrize(
    ("status", "reason", "called", "expected"),
    (
        ("completed", None, False, FinishReason.STOP),
        ("completed", None, True, FinishReason.TOOL_CALLS),
        ("incomplete", "max_output_tokens", True, FinishReason.LENGTH),
        ("incomplete", "content_filter", True, FinishReason.CONTENT_FILTER),
        ("incomplete", "something new", False, FinishReason.LENGTH),
        ("incomplete", None, False, FinishReason.LENGTH),
    ),
)
def test_reasons(status, reason, called, expected):
    """A call does not undo a cut."""
    assert expected is finish_reason(native_of(status, reason), called=called)
