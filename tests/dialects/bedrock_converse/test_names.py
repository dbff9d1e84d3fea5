"""Tests of names and ids made to fit."""

import re

from hypothesis import given
from hypothesis import strategies as st

from trunkline.canon.deployment import Quirks
from trunkline.dialects.bedrock_converse.names import ToolNames, document_name, fit_id
from trunkline.dialects.thought_ids import signed

FIT = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@given(st.text(max_size=100))
def test_any_name_and_id_fits(text):
    """Whatever the client calls it, Bedrock takes it, and the same every time."""
    names = ToolNames(Quirks())
    fitted = names.fit(text)

    assert FIT.fullmatch(fitted)
    assert FIT.fullmatch(fit_id(text))
    assert (fitted, fit_id(text)) == (ToolNames(Quirks()).fit(text), fit_id(text))
    assert text == names.shortened.get(fitted, fitted)


def test_signatures_stay_behind():
    """They are Gemini's, and in the id for Gemini alone."""
    assert "call_1" == fit_id(signed("call_1", "sig"))


def test_what_fits_stays():
    """Bedrock's own ids, and plain names."""
    assert "tooluse_W9DaUFg4Tj2cRPpndqxWSg" == fit_id("tooluse_W9DaUFg4Tj2cRPpndqxWSg")
    assert "get_weather-2" == ToolNames(Quirks()).fit("get_weather-2")


def test_two_that_differ_late_stay_apart():
    """A hash tells names apart that are alike in their first 64 characters."""
    assert fit_id("x" * 70 + "a") != fit_id("x" * 70 + "b")


def test_document_names():
    """What may not be in a name becomes a space; without a title, a number tells."""
    assert "Q3 report pdf" == document_name("Q3/report.pdf", 1)
    assert "a b" == document_name("a \n  b", 1)
    assert "Document 2" == document_name("…", 2)
    assert "Document 3" == document_name(None, 3)
    assert 200 == len(document_name("a" * 300, 1))
