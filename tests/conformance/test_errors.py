"""Every recorded error, before the first byte and within a stream."""

from tests.conformance.recordings import Recording
from tests.conformance.suites import verdict


def CONCERNS(recording: Recording) -> bool:  # noqa: N802 - a constant to conftest.py
    return recording.fails or recording.breaks


def test_errors(recording: Recording) -> None:
    """Told by its kind; either client hears its status, type and code, and its SDK raises the class."""
    assert () == verdict("errors", recording).faults
