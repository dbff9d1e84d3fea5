"""What goes to PostgreSQL and comes back: SQLite's five kinds of values, and no others."""

from decimal import Decimal

import psycopg
from psycopg.adapt import AdaptersMap, Buffer
from psycopg.types.numeric import FloatBinaryDumper, Int8BinaryDumper, NumericBinaryLoader
from psycopg.types.string import StrDumper


class SumLoader(NumericBinaryLoader):
    """A sum of BIGINTs is a NUMERIC there, and an integer here."""

    def load(self, data: Buffer) -> Decimal:
        value = super().load(data)
        if value == value.to_integral_value():
            return int(value)  # type: ignore[return-value] # as SQLite has it
        return float(value)  # type: ignore[return-value] # as SQLite has it


def _types() -> AdaptersMap:
    types = AdaptersMap(psycopg.adapters)
    # One type each whatever the value, so that a statement is prepared once and not for each mix
    # of small and large numbers. The schema's integers are BIGINT, booleans included.
    types.register_dumper(int, Int8BinaryDumper)
    types.register_dumper(bool, Int8BinaryDumper)
    types.register_dumper(float, FloatBinaryDumper)
    types.register_dumper(str, StrDumper)
    types.register_loader("numeric", SumLoader)
    return types


TYPES = _types()
