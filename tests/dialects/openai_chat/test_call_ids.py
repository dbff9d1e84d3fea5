"""Ids of tool calls."""

import re

from msgspec import Raw

from trunkline.dialects.openai_chat import call_ids
from trunkline.dialects.thought_ids import unsigned


def test_invented():
    """Stable, and different for every call of an answer."""
    ids = {call_ids.invented("a", choice, number) for choice in (0, 1) for number in (0, 1)}
    assert 4 == len(ids)
    assert call_ids.invented("a", 0, 0) in ids
    assert call_ids.invented("b", 0, 0) not in ids


def test_mistral():
    """Exactly nine letters and digits, the same every time; one that fits stays."""
    fitted = call_ids.fitted("toolu_01A09q90qw90lq917835lq9", "mistral")
    assert re.fullmatch("[0-9a-zA-Z]{9}", fitted)
    assert fitted == call_ids.fitted("toolu_01A09q90qw90lq917835lq9", "mistral")
    assert fitted != call_ids.fitted("toolu_01A09q90qw90lq917835lq8", "mistral")
    assert "7QjFNcS8z" == call_ids.fitted("7QjFNcS8z", "mistral")


def test_too_long():
    """OpenAI takes 40 characters."""
    assert "x" * 40 == call_ids.fitted("x" * 40, "")
    assert 37 == len(call_ids.fitted("x" * 41, ""))
    assert call_ids.fitted("x" * 41, "") != call_ids.fitted("x" * 42, "")


def test_thought_signatures():
    """Travel in the id, in letters any dialect takes, and come off it again."""
    extra = {"google": Raw(b'{"thought_signature":"A+/=b"}')}
    signed = call_ids.signed("call_1", extra)
    assert re.fullmatch("[a-zA-Z0-9_-]+", signed)
    assert ("call_1", "A+/=b") == unsigned(signed)
    assert "call_1" == call_ids.fitted(signed, "")


def test_other_extras():
    """What is no signature leaves the id alone."""
    assert "c" == call_ids.signed("c", {"google": Raw(b'{"thought":true}')})
    assert "c" == call_ids.signed("c", {"google": Raw(b"1")})
    assert "c" == call_ids.signed("c", None)
