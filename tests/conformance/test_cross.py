"""Suite 2 over every recorded answer: read by clients of the other dialects."""

from tests.conformance.recordings import Recording
from tests.conformance.suites import verdict


def CONCERNS(recording: Recording) -> bool:  # noqa: N802 - a constant to conftest.py
    return recording.is_answer


def test_cross(recording: Recording) -> None:
    """Each other dialect's SDK, at its strictest, finds what the recording's own SDK finds in it."""
    assert () == verdict("cross", recording).faults
