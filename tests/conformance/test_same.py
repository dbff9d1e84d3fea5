"""Suite 1 over every recording: same dialect in equals out."""

from tests.conformance.recordings import Recording
from tests.conformance.suites import verdict


def CONCERNS(recording: Recording) -> bool:  # noqa: N802 - a constant to conftest.py
    return recording.is_answer or recording.request is not None


def test_same(recording: Recording) -> None:
    """Passing through to the byte; through canon, the SDK reads what it reads from the provider."""
    assert () == verdict("same", recording).faults
