"""One step of the schema's history, in words that each database has its own for."""

from msgspec import Struct

from trunkline.storage.base import StorageRefused


class Words(Struct, frozen=True):
    """What a database calls the types that the two do not agree on."""

    int: str
    """64 bits."""
    real: str
    blob: str
    table: str
    """What stands behind a table's closing parenthesis."""


class Migration(Struct, frozen=True):
    version: int
    name: str
    sql: str
    """
    Statements, with the fields of Words in braces; empty: nothing is to be done there.

    Applied once, never changed afterwards.
    """
    postgres: str | None = None
    """Instead of `sql`, where PostgreSQL shall have more of it than other words: partitions."""


def not_newer(reached: int, known: int, otherwise: str) -> int:
    """The schema's version. Raises StorageRefused where it is from the future, saying what else to do."""
    if reached > known:
        raise StorageRefused(
            f"the database was written by a newer Trunkline (schema {reached}, this one knows"
            f" {known}); run that version, or {otherwise}"
        )
    return reached


def fit_for_copy(schema: int, known: int, place: str) -> None:
    """
    What is copied into is new, or already as this program makes it: another's is not touched.

    `schema`: of what is there; 0: nothing. Raises StorageRefused.
    """
    if schema not in (0, known):
        raise StorageRefused(
            f"{place} has a database already, with schema {schema}: name an empty database, or a"
            " new folder"
        )
