"""Tests of tool names and call ids made to fit."""

import re

from trunkline.canon.deployment import Quirks
from trunkline.dialects.anthropic_messages.names import ToolNames, fit_id


def test_good_ids_stay() -> None:
    """Ids of the API's alphabet, of any length, are not touched."""
    assert "toolu_01-A" == fit_id("toolu_01-A")


def test_bad_ids_fit_and_stay_apart() -> None:
    """Forbidden characters go, the same way every time, and two ids never become one."""
    ids = [fit_id("functions.f:0"), fit_id("functions:f.0"), fit_id(""), fit_id("é")]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[a-zA-Z0-9_-]+", call_id) for call_id in ids)
    assert ids[0] == fit_id("functions.f:0")


def test_names_up_to_128_stay() -> None:
    """The default quirk's 64 is OpenAI's limit; this API takes 128."""
    names = ToolNames(Quirks())

    assert "a" * 128 == names.fit("a" * 128)
    assert {} == names.shortened


def test_longer_names_are_shortened_and_can_be_restored() -> None:
    """A name over the limit keeps its beginning, fits exactly, and leads back to the whole."""
    names = ToolNames(Quirks())

    fitted = names.fit("a" * 200)

    assert 128 == len(fitted)
    assert {fitted: "a" * 200} == names.shortened
    assert fitted == ToolNames(Quirks()).fit("a" * 200)


def test_forbidden_characters_are_replaced() -> None:
    """A dotted name becomes one the API takes."""
    names = ToolNames(Quirks())

    fitted = names.fit("server.tool")

    assert fitted.startswith("server_tool_")
    assert "server.tool" == names.shortened[fitted]


def test_a_rows_own_limit_counts() -> None:
    """A provider with a limit of its own is obeyed."""
    assert 20 == len(ToolNames(Quirks(max_tool_name=20)).fit("a" * 21))
