"""Suite 3 over every recorded answer: streamed and whole are one."""

from tests.conformance.recordings import Recording
from tests.conformance.suites import verdict


def CONCERNS(recording: Recording) -> bool:  # noqa: N802 - a constant to conftest.py
    return recording.is_answer


def test_streams(recording: Recording) -> None:
    """Folded and encoded whole, or encoded and accumulated by the SDK: the same, for every client."""
    assert () == verdict("streams", recording).faults
