"""Names of tools, fitted."""

from trunkline.dialects.openai_names import Names


def test_names_of_other_dialects():
    """Gemini's dots and colons are none of OpenAI's characters."""
    names = Names(64, strict=True)
    changed = names("a.b:c")
    assert changed.startswith("a_b_c_")
    assert {changed: "a.b:c"} == names.used
    assert "a.b" == Names(64, strict=False)("a.b")
    assert names("a.b") != names("a:b")
