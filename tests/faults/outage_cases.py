"""One outage after the other, from its begin to its books: what went against reliability's rules, in words."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from tests.faults.client import End
from tests.faults.disks import fill, small
from tests.faults.gateway import opened
from tests.faults.outages import (
    BUDGETED,
    FREE,
    KINDS,
    POOR,
    RECOVERY,
    TIGHT,
    WIDE,
    Course,
    Crowd,
    Told,
    Town,
    absence,
    money,
    standings,
)
from tests.storage.postgres_server import PostgresServer
from tests.storage.valkey_server import ValkeyServer

PATIENCE = 0.5
"""Of these gateways: [ledger] patience."""
_NOTICED = PATIENCE + 1.5
"""Seconds after which nobody with a budget is served any more, on a machine that is busy, too."""
_LOCK = """
import sys, apsw
file = apsw.Connection(sys.argv[1])
file.set_busy_timeout(10_000)
file.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


class Found(Struct, frozen=True):
    course: Course
    faults: list[str]


class Judge(Struct, frozen=True):
    """What may be of an outage."""

    served: tuple[str, ...]
    """Kinds of clients that never notice."""
    codes: frozenset[str]
    """Of the 503s that others get."""
    closed: tuple[str, ...] = ()
    """Kinds that nobody serves once it was noticed."""
    noticed: float = _NOTICED
    """Seconds until it was."""
    counts_more: bool = False
    """Counters may hold more than the ledger does: on the side that refuses."""


BOOKS_AWAY = Judge((WIDE, FREE), frozenset({"ledger_unavailable"}), BUDGETED)
DISK_FULL = Judge((), frozenset({"ledger_unavailable", "limits_unavailable"}), tuple(KINDS))
_LIMITS = frozenset({"limits_unavailable"})
FORGOTTEN = Judge((FREE,), _LIMITS, counts_more=True)
COUNTERS_AWAY = Judge((FREE,), _LIMITS, BUDGETED, noticed=1.2, counts_more=True)
# Anthropic's clients know a type alone, and are told of an overload with a status of theirs.
_ANTHROPICS = frozenset({"api_error", "overloaded_error"})
_UNAVAILABLE = (503, 529)


def course_of(
    town: Town,
    judge: Judge,
    go_away: Callable[[], None],
    come_back: Callable[[], None],
    seconds: float,
) -> Found:
    """Serve, let it happen, stop, and compare everything with everything."""
    town.serve()
    workers = town.gateway.children()
    crowd = Crowd(town)
    course = town.do(absence(crowd, go_away, come_back, seconds), 60.0 + seconds)
    counted = town.do(standings(crowd))
    faults = [] if workers == town.gateway.children() else ["a worker died"]
    if code := town.gateway.stop():
        faults.append(f"it ended with {code}")
    sys.stdout.write(f"{course}\n")
    faults += town.compare(course.seen).differences
    faults += in_time(course, judge)
    faults += money(crowd, counted, more=judge.counts_more)
    return Found(course, faults)


def in_time(course: Course, judge: Judge) -> Iterator[str]:
    """Who was told what, and when."""
    if course.took > RECOVERY:
        yield f"it took {course.took:.1f} s until all were served again"
    for one in course.slow:
        if one.end is not End.WHOLE and FREE in judge.served:
            yield f"under way when it went away, and {one.end.value}: {one.error}"
    for told in course.told:
        yield from _answer(told, judge)
    late = course.during(*judge.closed, after=judge.noticed)
    if not late and judge.closed:
        yield "it was not away for long enough to see anything"
    for told in late:
        # Answered after it was back, one may have been served by then.
        if told.status == 200 and told.answered < course.back:
            yield f"{told.kind} was served {told.asked - course.gone:.1f} s after it went away"


def _answer(told: Told, judge: Judge) -> Iterator[str]:
    if told.status in _UNAVAILABLE:
        if told.kind in judge.served:
            yield f"{told.kind} was told {told.code}"
        if told.code not in judge.codes | _ANTHROPICS:
            yield f"{told.kind} was refused as {told.code}"
        if "retry-after" not in told.seen.headers:
            yield f"{told.kind} was not told when to come back"
    elif told.status != 200 and not (told.status == 429 and told.kind in (POOR, TIGHT)):
        yield f"{told.kind} was answered {told.status}: {told.seen.error}"


def postgres_away(
    folder: Path, server: PostgresServer, seconds: float, environ: Mapping[str, str] | None = None
) -> Found:
    """Stopped, and started again."""
    sections = {"ledger": {"patience": PATIENCE}}
    with opened(Town(folder, sections, database=server.fresh(), workers=2)) as town:
        town.environ = environ or {}
        return course_of(town, BOOKS_AWAY, server.stop, server.start, seconds)


def sqlite_locked(folder: Path, seconds: float, environ: Mapping[str, str] | None = None) -> Found:
    """By another process."""
    held: list[subprocess.Popen[bytes]] = []

    def lock() -> None:
        command = [sys.executable, "-c", _LOCK, str(folder / "data" / "trunkline.db")]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        held.append(holder)
        assert holder.stdout is not None
        assert b"locked\n" == holder.stdout.readline()

    def unlock() -> None:
        held[0].communicate()

    with opened(Town(folder, {"ledger": {"patience": PATIENCE}}, workers=2)) as town:
        town.environ = environ or {}
        return course_of(town, BOOKS_AWAY, lock, unlock, seconds)


def disk_full(folder: Path, seconds: float, environ: Mapping[str, str] | None = None) -> Found:
    """`folder` may be mounted on: its data are on a disk of their own."""
    data = folder / "data"
    with small(data, 32), opened(Town(folder, {}, workers=2)) as town:
        town.environ = environ or {}
        ballast = data / "ballast"
        return course_of(town, DISK_FULL, lambda: fill(ballast), ballast.unlink, seconds)


def valkey_away(
    folder: Path, way: str, seconds: float, environ: Mapping[str, str] | None = None
) -> Found:
    """`way`: "flush" (all is forgotten), "kill" (and an empty one comes), "freeze"."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(ValkeyServer(folder)) as valkey:
        judge = FORGOTTEN if way == "flush" else COUNTERS_AWAY
        come_back = {"kill": valkey.start, "freeze": valkey.thaw}.get(way, int)
        with opened(Town(folder, {}, state=valkey.url, workers=2)) as town:
            town.environ = environ or {}
            return course_of(town, judge, getattr(valkey, way), come_back, seconds)
