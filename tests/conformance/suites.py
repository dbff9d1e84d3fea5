"""The suites by name, and what they say of the dialects as they are, found out once."""

from collections.abc import Callable, Mapping
from functools import cache

from tests.conformance import converse, cross, cuts, errors, requests, same, streams
from tests.conformance.recordings import Recording
from tests.conformance.ways import REAL, Verdict, Ways

SUITES: Mapping[str, Callable[[Ways, Recording], Verdict]] = {
    "same": same.check,
    "cross": cross.check,
    "requests": requests.check,
    "streams": streams.check,
    "cuts": cuts.check,
    "errors": errors.check,
    "converse": converse.check,
}


@cache
def verdict(suite: str, recording: Recording) -> Verdict:
    return SUITES[suite](REAL, recording)
