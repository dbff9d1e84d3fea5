"""The gateway as a process of its own before the two simulators: for signals, kills and restarts."""

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tests.faults.books import Books, Ledger, compare
from tests.faults.client import Call, Line, Seen, talk
from tests.faults.simulators import OPENAI, Simulators
from tests.integration.program import Gateway


def inline(value: object) -> str:
    """As TOML: its lists, strings and numbers are JSON's, its inline tables nearly."""
    if isinstance(value, Mapping):
        pairs = (f"{inline(name)} = {inline(inner)}" for name, inner in value.items())
        return f"{{ {', '.join(pairs)} }}"
    return msgspec.json.encode(value).decode()


class Program(Simulators):
    """`serve` may be called again and again: the data folder stays."""

    def __init__(self, folder: Path, **server: object) -> None:
        """`server`: settings of the section of that name."""
        super().__init__()
        self.folder = folder
        self.server = server
        self.gateway: Gateway
        self._started = False
        self._numbers = iter(range(1, 1_000_000))

    def serve(self) -> None:
        self._started = True
        self.gateway = Gateway(self.folder, self.config())

    def config(self, models: Mapping[str, Sequence[str]] | None = None) -> str:
        """As TOML."""
        document = {
            "server": self.server,
            "providers": self.providers,
            "models": {name: {"targets": targets} for name, targets in (models or {}).items()},
        }
        return "".join(f"{name} = {inline(value)}\n" for name, value in document.items())

    @property
    def port(self) -> int:
        return int(self.gateway.base.rpartition(":")[2])

    def call(self, target: str, dialect: str = OPENAI, *, stream: bool = True) -> Call:
        """A request for a target by its own name, which no other request has."""
        number = f"{next(self._numbers)}"
        join = "," if "@" in target else "@"
        return Call(f"{target}{join}tag={number}", dialect, stream, number)

    async def talk(self, call: Call) -> Seen:
        return await talk(self.port, self.gateway.key, call)

    async def begin(self, call: Call) -> "Listening":
        """Ask, and read the answer's head and first piece."""
        listening = Listening(Seen(call), await Line.open(self.port))
        listening.line.send(self.gateway.key, call)
        await listening.line.head(listening.seen)
        listening.seen.body += await listening.line.piece(listening.seen)
        return listening

    def compare(self, seen: Sequence[Seen]) -> Books:
        """Only while the gateway is stopped: its rows are read from the file."""
        books = compare(seen, self.arrivals(), self.ledger())
        sys.stdout.write(f"{books}\n")
        return books

    def ledger(self) -> Ledger:
        """The third book, as `compare`."""
        url = str(self.server.get("database", ""))
        return Ledger.read_postgres(url) if url else Ledger.read(self.folder / "data")

    def signal(self, number: signal.Signals) -> None:
        self.gateway.process.send_signal(number)

    def close(self) -> None:
        if self._started and self.gateway.process.poll() is None:
            self.gateway.process.kill()
            self.gateway.process.wait()
        super().close()


class Listening:
    """A client in the middle of an answer."""

    def __init__(self, seen: Seen, line: Line) -> None:
        self.seen = seen
        self.line = line

    async def rest(self) -> Seen:
        """Read to the end, whatever it is like."""
        seen, line = self.seen, self.line
        try:
            while data := await line.piece(seen):
                seen.body += data
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        line.hang_up()
        seen.read()
        return seen
