"""Suite 4 over every recorded stream: cut at each event, and within events."""

from tests.conformance.recordings import Recording
from tests.conformance.suites import verdict


def CONCERNS(recording: Recording) -> bool:  # noqa: N802 - a constant to conftest.py
    return recording.stream is not None and not recording.breaks


def test_cuts(recording: Recording) -> None:
    """Before its reason it is an error that the SDK raises; behind it, an ending; half an event is nothing."""
    assert () == verdict("cuts", recording).faults
