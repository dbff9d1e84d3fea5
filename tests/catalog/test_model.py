"""The catalogue's data has names that are unique and fields that are known."""

import msgspec
import pytest

from trunkline.catalog.model import ModelRow, Tier, Window


def test_a_row_is_known_by_provider_and_id() -> None:
    """Ids may contain slashes; the provider is what stands before the first."""
    row = ModelRow(provider="openrouter", id="openai/gpt-4o")
    assert "openrouter/openai/gpt-4o" == row.key


def test_what_is_not_said_is_not_written() -> None:
    """A line of the file holds only what is known."""
    row = ModelRow(
        provider="p", id="m", prices=(Window(input="1", tiers=(Tier(above=5, input="2"),)),)
    )
    text = b'{"provider":"p","id":"m","prices":[{"input":"1","tiers":[{"input":"2","above":5}]}]}'
    assert text == msgspec.json.encode(row)
    assert row == msgspec.json.decode(text, type=ModelRow)


@pytest.mark.parametrize("text", (b'{"input":"1","inptu":"2"}', b'{"input":1.5}'))
def test_a_rate_is_a_string_of_a_known_class(text: bytes) -> None:
    """A float would have been rounded already; a misspelled class would cost nothing."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Window)
