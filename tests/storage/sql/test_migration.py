"""Tests of storage/sql/migration.py: a schema from the future is left alone."""

import pytest

from trunkline.storage.base import StorageRefused
from trunkline.storage.sql.migration import fit_for_copy, not_newer


def test_a_newer_schema_is_refused():
    """With both versions, and what to do; an older or the same one is what it is."""
    assert [3, 4] == [not_newer(reached, 4, "flee") for reached in (3, 4)]
    with pytest.raises(StorageRefused, match=r"schema 5, this one knows 4.*or flee"):
        not_newer(5, 4, "flee")


def test_only_what_is_new_or_the_same_is_copied_into():
    """A database of another version may be somebody's backup."""
    for schema in (0, 4):
        fit_for_copy(schema, 4, "here")
    for schema in (3, 5):
        with pytest.raises(StorageRefused, match=f"here has a database already, .* {schema}:"):
            fit_for_copy(schema, 4, "here")
