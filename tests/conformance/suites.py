"""The suites by name, and what they say of the dialects as they are, found out once."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from tests.conformance import cohere, converse, cross, cuts, errors, requests, same, streams
from tests.conformance.cross import others
from tests.conformance.recordings import Recording
from tests.conformance.ways import REAL, Verdict, Ways

Suite = Callable[[Ways, Recording], Verdict]
Between = Callable[[Ways, Recording, str], Verdict]


def _each(check: Between) -> Suite:
    def every(ways: Ways, recording: Recording) -> Verdict:
        return _together(check(ways, recording, other) for other in others(recording))

    return every


def _together(verdicts: Iterable[Verdict]) -> Verdict:
    found = list(verdicts)
    return Verdict(
        tuple(fault for one in found for fault in one.faults),
        tuple(dict.fromkeys(key for one in found for key in one.losses)),
    )


BETWEEN: Mapping[str, Between] = {"cross": cross.check, "requests": requests.check}
"""Those of a recording and another dialect than its own."""
SUITES: Mapping[str, Suite] = {
    "same": same.check,
    **{name: _each(check) for name, check in BETWEEN.items()},
    "streams": streams.check,
    "cuts": cuts.check,
    "errors": errors.check,
    "converse": converse.check,
    "cohere": cohere.check,
}


@cache
def verdict(suite: str, recording: Recording) -> Verdict:
    if suite in BETWEEN:
        return _together(verdict_between(suite, recording, o) for o in others(recording))
    return SUITES[suite](REAL, recording)


@cache
def verdict_between(suite: str, recording: Recording, other: str) -> Verdict:
    """Of one other dialect, where the suite tells them apart."""
    if suite in BETWEEN:
        return BETWEEN[suite](REAL, recording, other)
    return verdict(suite, recording)
