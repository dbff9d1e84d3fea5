"""The simulator's own endpoints under /sim: its log, its defaults, its door."""

from typing import Protocol
from urllib.parse import parse_qs

from msgspec import MsgspecError, Struct, json

from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.faults import FAULTS, check
from trunkline.providers.sim.log import Log
from trunkline.providers.sim.models import MODELS
from trunkline.providers.sim.options import BadOption, parse


class Door(Struct, kw_only=True):
    """What happens to new connections. Only a server of sockets has one."""

    mode: str = "open"
    """ "open", "reset" (RST at accept), "close" (FIN at accept) or "silent" (accepted, ignored)."""
    next: int | None = None
    """For so many connections, after which it is open again; None: until it is set anew."""

    def pass_(self) -> str:
        """A connection comes: what is done to it."""
        mode = self.mode
        if mode != "open" and self.next is not None:
            self.next -= 1
            if self.next <= 0:
                self.mode, self.next = "open", None
        return mode


class Defaults(Struct):
    options: str = ""


class Controlled(Protocol):
    """What the endpoints may change."""

    defaults: str
    door: Door


_DOORS = frozenset({"open", "reset", "close", "silent"})


def control(
    method: str, target: str, body: bytes, log: Log, subject: Controlled
) -> tuple[int, bytes]:
    """Status and JSON body."""
    path, _, query = target.partition("?")
    try:
        if path == "/sim/log":
            return _log(method, query, log)
        if path.startswith("/sim/log/"):
            row = log.find(path.removeprefix("/sim/log/"))
            return (200, json.encode(row)) if row is not None else (404, b'{"error":"no such row"}')
        if path == "/sim/defaults":
            if method == "PUT":
                wanted = json.decode(body, type=Defaults).options
                if (fault := parse([wanted]).fault) is not None:
                    check(fault)
                subject.defaults = wanted
            return 200, json.encode(Defaults(subject.defaults))
        if path == "/sim/door":
            if method == "PUT":
                door = json.decode(body, type=Door)
                if door.mode not in _DOORS:
                    return 400, json.encode({"error": f"mode is one of {sorted(_DOORS)}"})
                subject.door = door
            return 200, json.encode(subject.door)
        if path == "/sim":
            faults = {name: spec.about for name, spec in FAULTS.items()}
            return 200, json.encode({"models": MODELS, "faults": faults})
    except (MsgspecError, UnicodeDecodeError, BadOption, Rejected) as error:
        return 400, json.encode({"error": str(error)})
    return 404, b'{"error":"there are /sim, /sim/log, /sim/log/{id}, /sim/defaults, /sim/door"}'


def _log(method: str, query: str, log: Log) -> tuple[int, bytes]:
    if method == "DELETE":
        log.clear()
        return 200, b'{"cleared":true}'
    since = parse_qs(query).get("since", ["0"])[0]
    if not since.isdigit():
        return 400, b'{"error":"since is the seq of a row"}'
    return 200, json.encode({"rows": log.rows(int(since)), "total": log.total})
