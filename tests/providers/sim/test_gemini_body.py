"""What Google refuses in a request."""

import pytest
from msgspec import json

from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.gemini_body import GeminiBody, check_gemini
from trunkline.providers.sim.messages_body import sign

USER = {"role": "user", "parts": [{"text": "hi"}]}
CALL = {"functionCall": {"name": "f", "args": {}}}
RESULT = {"functionResponse": {"name": "f", "response": {}}}


def check(*contents, **more):
    said = list(contents) if contents else [USER]
    check_gemini(json.decode(json.encode({"contents": said, **more}), type=GeminiBody))


def test_a_good_request():
    """Calls, results, signatures: nothing to refuse."""
    signed = {**CALL, "thoughtSignature": sign("x")}
    urlsafe = sign("y").replace("+", "-").replace("/", "_").rstrip("=")
    check(
        USER,
        {"role": "model", "parts": [signed, CALL]},
        {"role": "user", "parts": [RESULT, RESULT]},
        {"role": "model", "parts": [{"text": "", "thoughtSignature": urlsafe}]},
        USER,
        {
            "role": "model",
            "parts": [{**CALL, "thoughtSignature": "skip_thought_signature_validator"}],
        },
        {"role": "user", "parts": [RESULT]},
    )


@pytest.mark.parametrize(
    ("contents", "says"),
    (
        ([{"role": "system", "parts": [{"text": "x"}]}], "valid role"),
        ([{"role": "user", "parts": []}], "must not be empty"),
        (
            [USER, {"role": "model", "parts": [CALL, CALL]}, {"parts": [RESULT]}],
            "equal to the number",
        ),
        ([USER, {"role": "model", "parts": [CALL]}, USER], "equal to the number"),
        ([{"parts": [RESULT]}], "equal to the number"),
        ([{"role": "model", "parts": [CALL]}], "immediately after"),
        ([{"role": "model", "parts": [{"text": "a", "thoughtSignature": "bm8="}]}], "not valid"),
        ([{"role": "model", "parts": [{"text": "a", "thoughtSignature": "!"}]}], "not valid"),
    ),
)
def test_conversations(contents, says):
    """Roles, parts, results to calls, signatures."""
    with pytest.raises(Rejected, match=says):
        check(*contents)


def test_a_turn_in_several_contents():
    """As Google's SDK returns a stream: a content for each chunk, then all results."""
    turn = [{"role": "model", "parts": [part]} for part in ({"text": "Let me see."}, CALL, CALL)]
    check(USER, *turn, {"parts": [RESULT, RESULT]})
    with pytest.raises(Rejected, match="equal to the number"):
        check(USER, *turn, {"parts": [RESULT]})


def test_no_contents():
    """Are refused by name."""
    with pytest.raises(Rejected, match="contents is not specified"):
        check_gemini(GeminiBody())


@pytest.mark.parametrize(
    ("more", "says"),
    (
        (
            {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"$schema": "x"}}]}]},
            "Cannot find field",
        ),
        ({"generationConfig": {"responseSchema": {"const": 1}}}, "Cannot find field"),
        ({"generationConfig": {"stopSequences": list("abcdef")}}, "between 0 and 5"),
        ({"generationConfig": {"temperature": 3}}, "temperature"),
        ({"generationConfig": {"maxOutputTokens": 0}}, "positive"),
        (
            {"generationConfig": {"thinkingConfig": {"thinkingBudget": 1, "thinkingLevel": "LOW"}}},
            "only one of",
        ),
        (
            {"toolConfig": {"functionCallingConfig": {"allowedFunctionNames": ["f"]}}},
            "mode is ANY",
        ),
        (
            {
                "toolConfig": {
                    "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}
                }
            },
            "subset",
        ),
    ),
)
def test_settings(more, says):
    """Schemas beyond Google's own, too many stops, a level and a budget."""
    with pytest.raises(Rejected, match=says):
        check(**more)
    check(
        tools=[{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"$schema": "x"}}]}]
    )
