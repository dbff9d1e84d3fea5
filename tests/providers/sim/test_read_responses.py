"""What a Responses request asks for."""

import pytest
from msgspec import json

from tests.providers.sim.kit import CHAT, RESPONSES, TOOL, body_of, tools_of
from trunkline.providers.sim.ask import Ask, Rejected
from trunkline.providers.sim.read_chat import read_chat
from trunkline.providers.sim.read_responses import read_responses, unknown_responses

CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"x":1}'}


def read(prompt: object = "hi", **more: object) -> Ask:
    return read_responses(body_of(RESPONSES, "m", prompt, **more))[1]


def test_a_string_is_a_users_message() -> None:
    """The short form of an input."""
    body = json.encode({"model": "m", "input": "hello"})

    assert "hello" == read_responses(body)[1].prompt


def test_items_with_and_without_a_type() -> None:
    """The last user's text, and the outputs behind the model's last turn, parts joined."""
    found = read(
        [
            {"role": "developer", "content": "be brief"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]},
            {"type": "reasoning", "id": "rs_1", "summary": []},
            CALL,
            {"type": "function_call_output", "call_id": "c1", "output": "one"},
            {
                "type": "function_call_output",
                "call_id": "c2",
                "output": [
                    {"type": "input_text", "text": "t"},
                    {"type": "input_text", "text": "wo"},
                ],
            },
        ]
    )

    assert ("go", ("one", "two")) == (found.prompt, found.results)
    assert ["developer", "user", "assistant", "assistant", "", ""] == [
        said.role for said in found.history
    ]


def test_it_costs_what_the_same_chat_costs() -> None:
    """Instructions are a message; the items of one turn of the model are one; tools count alike."""
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
    chat = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "well", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
    ]
    items = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "well"}]},
        CALL,
        {"type": "function_call_output", "call_id": "c1", "output": "rain"},
    ]

    expected = read_chat(body_of(CHAT, "m", chat, tools=tools_of(CHAT, TOOL)))[1].input_tokens
    found = read(items, instructions="be brief", tools=tools_of(RESPONSES, TOOL))
    assert expected == found.input_tokens


@pytest.mark.parametrize(
    ("choice", "meant"),
    (
        ("required", ("required", ())),
        ({"type": "function", "name": "f"}, ("one", ("f",))),
        (
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "f"}],
            },
            ("required", ("f",)),
        ),
        (7, ("auto", ())),
    ),
)
def test_the_choice_of_tools(choice: object, meant: tuple[str, tuple[str, ...]]) -> None:
    """By word, by name, or by a list."""
    found = read(tool_choice=choice)

    assert meant == (found.choice, found.named)


def test_tools_of_the_client() -> None:
    """Functions and custom tools can be called; what the provider runs itself cannot."""
    found = read(
        tools=[
            {"type": "function", "name": "f", "parameters": {"type": "object"}},
            {"type": "custom", "name": "patch"},
            {"type": "web_search"},
        ]
    )

    assert (["f", "patch"], {"patch"}) == ([tool.name for tool in found.tools], found.custom)


@pytest.mark.parametrize(
    ("reasoning", "thinking"),
    (
        (None, "omitted"),
        ({"effort": "high"}, "omitted"),
        ({"effort": "low", "summary": "auto"}, "on"),
        ({"effort": "none"}, "off"),
    ),
)
def test_thoughts_are_shown_where_a_summary_is_asked_for(reasoning: object, thinking: str) -> None:
    """Otherwise they are only counted."""
    assert thinking == read(reasoning=reasoning).thinking


def test_images_and_files() -> None:
    """Of messages and of outputs."""
    image = {"type": "input_image", "image_url": "data:image/png;base64,AA"}
    file = {"type": "input_file", "file_data": "data:application/pdf;base64,AA"}
    found = read(
        [
            {"role": "user", "content": [image, {"type": "input_image", "file_id": "file_1"}]},
            CALL,
            {"type": "function_call_output", "call_id": "c1", "output": [file]},
            {"type": "computer_call_output", "output": {"type": "computer_screenshot"}},
        ]
    )

    assert ("image/png", "file_1", "application/pdf") == found.images


def test_the_answer_repeats_what_was_sent() -> None:
    """And says what is usual where nothing was sent."""
    echo = read(temperature=0.5, metadata={"a": "b"}).echo

    assert (b"0.5", b'{"a":"b"}', b'"auto"') == (
        echo["temperature"],
        echo["metadata"],
        echo["tool_choice"],
    )


@pytest.mark.parametrize(
    "body", (b"", b"[]", b'{"model":1}', b'{"input":"x"}', b'{"model":"\xff"}')
)
def test_nonsense_is_refused(body: bytes) -> None:
    """Never with anything but a rejection."""
    with pytest.raises(Rejected):
        read_responses(body)


def test_unknown_fields_are_found() -> None:
    """Only by who asks for it: `strict`."""
    unknown_responses(b'{"model":"m","client_metadata":{}}')
    with pytest.raises(Rejected, match="Unknown parameter: 'wat'"):
        unknown_responses(b'{"model":"m","wat":1}')
