"""What an answer repeats of its request."""

from msgspec import json

from tests.dialects.openai_responses.kit import decode


def echoed(**body):
    return {name: json.decode(raw) for name, raw in decode(**body).echo.items()}


def test_only_what_was_said():
    """Defaults are the answer's business."""
    assert {} == echoed(temperature=None)
    assert {"temperature": 0.5, "store": False} == echoed(temperature=0.5, store=False)


def test_functions_say_everything():
    """A function is strict where its client did not say; other tools are as they were."""
    search = {"type": "web_search"}
    plain = {"type": "function", "name": "f", "defer_loading": True}
    loose = {"type": "function", "name": "g", "strict": False, "parameters": {}}
    assert [
        {"type": "function", "description": None, "name": "f", "parameters": None}
        | {"strict": True, "defer_loading": True},
        search,
        {"type": "function", "description": None, "name": "g", "parameters": {}, "strict": False},
    ] == echoed(tools=[plain, search, loose])["tools"]


def test_text():
    """A format and a verbosity, always."""
    plain = {"format": {"type": "text"}, "verbosity": "medium"}
    assert plain == echoed(text={})["text"]
    form = {"type": "json_schema", "name": "n", "schema": {}}
    told = {"type": "json_schema", "description": None, "name": "n", "schema": {}, "strict": False}
    assert {"format": told, "verbosity": "low"} == echoed(
        text={"format": form, "verbosity": "low"}
    )["text"]


def test_reasoning():
    """Both keys, and what else was said."""
    assert {"effort": "low", "summary": None, "context": "x"} == echoed(
        reasoning={"effort": "low", "context": "x"}
    )["reasoning"]
