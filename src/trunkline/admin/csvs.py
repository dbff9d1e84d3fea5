"""Tables as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

Cell = str | int | float | None

# Spreadsheets take a cell that begins so for a formula, whoever wrote it: a model's name, a tag
# (owasp.org/www-community/attacks/CSV_Injection, seen 2026-11-21). The wide forms count, too.
_FORMULAS = (*"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """`name`: what a browser saves it as."""
    headers = {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
    }
    body = csv_text(header, rows)
    return Response(body, 200, headers, "text/csv; charset=utf-8; header=present")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return file.getvalue()


def _cell(value: Cell) -> Cell:
    """Numbers as they are; a text that could be a formula behind an apostrophe."""
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return "" if value is None else value
