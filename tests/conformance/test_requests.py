"""Suite 2 over every recorded request: sent to upstreams of the other dialects."""

from tests.conformance.recordings import Recording
from tests.conformance.suites import verdict


def CONCERNS(recording: Recording) -> bool:  # noqa: N802 - a constant to conftest.py
    return recording.request is not None


def test_requests(recording: Recording) -> None:
    """It is of that SDK's types, means the same, and what is not carried over is noted."""
    assert () == verdict("requests", recording).faults
