"""`trunkline database`: what is in the database, all of it into another, a backup."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from trunkline.admin.times import rfc3339
from trunkline.cli.progress import Progress
from trunkline.cli.settings import UsageError, add_options, of
from trunkline.kernel.clock import SystemClock
from trunkline.storage.copying import Copied, Wish
from trunkline.storage.records import USAGE_CLASSES
from trunkline.storage.sql.tables import Sums
from trunkline.wiring.databases import Databases, DatabaseStatus

_COPY = """\
Copies everything from one database into another: keys, tenants, the ledger, rollups, windows,
webhooks, credentials, stored responses, logged bodies. A database is a URL
(postgresql://user:${PASSWORD}@host/name, the variable being read from the environment) or a data
folder (SQLite); without --from, or without --to, it is the one that the configuration names. The
gateways on both are stopped first. The source is read as it is at one moment, and is not changed.
The target is empty, and brought up to date; in the end rows and sums of both are compared. A new
data folder gets the secrets, too (pepper, kek, admin-key)."""
_BACKUP = """\
Copies the SQLite files of the data folder, each as it is at one moment, into a new folder, while
the gateway works on. Secrets (pepper, kek, admin-key) are not in it: keep them elsewhere. For
PostgreSQL use pg_dump."""
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")

Work = Callable[[Databases, argparse.Namespace, Progress], int]


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "database", help="look into the database, copy it into another, back it up"
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add(
        actions,
        "status",
        "which database there is, what is in it, and which journals wait to be moved to it",
        _status,
    )
    copying = _add(actions, "copy", "copy everything into another database", _copy, _COPY)
    copying.add_argument("--from", dest="source", metavar="DATABASE", help="a URL or a data folder")
    copying.add_argument("--to", dest="target", metavar="DATABASE", help="a URL or a data folder")
    again = copying.add_mutually_exclusive_group()
    again.add_argument(
        "--resume", action="store_true", help="go on with a copy that was interrupted"
    )
    again.add_argument(
        "--restart",
        action="store_true",
        help="remove what an interrupted copy has copied, and begin anew",
    )
    copying.add_argument(
        "--while-running",
        action="store_true",
        help="copy beside running gateways: what they do meanwhile is not in the copy",
    )
    saving = _add(actions, "backup", "copy a data folder's SQLite files", _backup, _BACKUP)
    saving.add_argument("folder", type=Path, metavar="FOLDER", help="new, or empty")


def _add(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    text: str,
    work: Work,
    about: str = "",
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text, description=about or text)
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda options: _run(work, options))
    return parser


def _run(work: Work, options: argparse.Namespace) -> int:
    settings = of(options)
    databases = Databases(settings.machine(), settings.read(), settings.data)
    unit = "pages" if options.action == "backup" else "rows"
    progress = Progress(_say, SystemClock(), unit, terminal=sys.stderr.isatty())
    try:
        return work(databases, options, progress)
    except KeyboardInterrupt:
        progress.end()
        _say("Interrupted.\n")
        if options.action == "copy":
            _say("The source is as it was. The same command with --resume goes on.\n")
        return 1
    except BaseException:
        progress.end()
        raise


def _say(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)


def _copy(databases: Databases, options: argparse.Namespace, progress: Progress) -> int:
    if options.source is None and options.target is None:
        raise UsageError("name the other database, by --to or --from")
    wish = Wish(resume=options.resume, restart=options.restart, live=options.while_running)
    copied = databases.copy(options.source, options.target, wish, progress.tell)
    progress.end()
    if options.json:
        print(msgspec.json.encode(copied).decode())
    else:
        _show_copied(copied)
    return 0


def _show_copied(copied: Copied) -> None:
    print(f"{'TABLE':22} {'ROWS':>14} {'TOKENS':>18} {'COST':>24}")
    for name, sums in copied.tables.items():
        if sums.rows:
            print(f"{name:22} {sums.rows:>14,} {_tokens(sums):>18} {_cost(sums):>24}".rstrip())
    print(f"{sum(not sums.rows for sums in copied.tables.values())} tables more have no rows.")
    print(f"\n{copied.target} has what {copied.source} has: rows and sums are equal.")
    if copied.replaced:
        print(f"{copied.replaced} NULs in names, which PostgreSQL has no place for, are U+FFFD.")
    print("The source is as it was.")
    if "://" in copied.target:
        print("To use the copy, set [server] database to its URL; a data folder stays where it is.")
    else:
        print("To use the copy, remove [server] database, and set [server] data to this folder.")


def _tokens(sums: Sums) -> str:
    if "output" not in sums.numbers:
        return ""
    return f"{sum(sums.numbers[name] for name in USAGE_CLASSES):,}"


def _cost(sums: Sums) -> str:
    """To the nano-dollar."""
    nanos = sums.numbers.get("cost_nanousd")
    return "" if nanos is None else f"${nanos // 10**9:,}.{nanos % 10**9:09}"


def _status(databases: Databases, options: argparse.Namespace, _: Progress) -> int:
    found = databases.status()
    if options.json:
        print(msgspec.json.encode(found).decode())
    else:
        _show(found)
    return 0


def _show(found: DatabaseStatus) -> None:
    behind = (
        "" if found.schema == found.latest_schema else f" (this version: {found.latest_schema})"
    )
    facts: Mapping[str, str] = {
        "Database": f"{found.place} ({found.backend} {found.version})",
        "Schema": f"{found.schema}{behind}",
        "Size": size(found.size),
        "Oldest request": _moment(found.oldest_request),
        "Newest request": _moment(found.newest_request),
        "Open requests": f"{found.open_requests:,}",
        "Connections": f"{found.connections} of others",
    }
    if found.backend == "sqlite":
        facts = {name: text for name, text in facts.items() if name != "Connections"}
    for name, text in facts.items():
        print(f"{name:15} {text}")
    if found.unfinished:
        print("A copy into it was begun and not finished: no gateway starts on it.")
    for journal in found.journals:
        state = "running" if journal.running else "its process is gone"
        print(f"Journal         {journal.worker}: {size(journal.waiting)} to be moved, {state}")
    if not found.journals:
        print("Journal         none: everything is in the database")
    print(f"\n{'TABLE':22} {'ROWS':>14}")
    for name, count in found.tables.items():
        print(f"{name:22} {count:>14,}")


def _moment(micros: int | None) -> str:
    return "none" if micros is None else rfc3339(micros / 1e6)


def size(count: int) -> str:
    """As people read it: 1.5 MiB."""
    value, unit = float(count), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{count} bytes"


def _backup(databases: Databases, options: argparse.Namespace, progress: Progress) -> int:
    written = databases.save(options.folder, progress.tell)
    progress.end()
    if options.json:
        print(msgspec.json.encode({"folder": str(options.folder), "bytes": written}).decode())
    else:
        print(f"{options.folder} is a backup, of {size(written)}.")
        print("Keys and credentials need the files `pepper` and `kek`: keep those elsewhere.")
    return 0
