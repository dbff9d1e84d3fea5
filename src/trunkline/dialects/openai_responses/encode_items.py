"""
The items of an answer's output, one by one: for answers in one piece and for streams alike.

An item's id is made of the answer's stamp and the item's place, or is the upstream's own where
that speaks this API, too.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Raw, json

from trunkline.canon.content import Reasoning
from trunkline.canon.request import Request
from trunkline.dialects.base import Stamp
from trunkline.dialects.fields import STR
from trunkline.dialects.invented_ids import named
from trunkline.dialects.openai_responses.carried import carry
from trunkline.dialects.openai_responses.namespaces import flat_name, members
from trunkline.dialects.openai_responses.reasoning import item_of, proof_of
from trunkline.dialects.openai_responses.wire import NAME
from trunkline.dialects.raws import NOT_JSON

_encode = json.Encoder().encode

FUNCTION, CUSTOM, MESSAGE, REASONING = "function", "custom", "message", "reasoning"
# The last for an item kept whole, whose id stands within it.
_PREFIXES: Final = {FUNCTION: "fc", CUSTOM: "ctc", MESSAGE: "msg", REASONING: "rs", "": "item"}

Extra = Mapping[str, Raw]


class ItemWriter:
    """One per answer: what it takes from the request and the stamp."""

    __slots__ = ("_customs", "_members", "_stamp", "own")

    def __init__(self, request: Request, stamp: Stamp, *, own: bool) -> None:
        self.own = own
        """The upstream speaks this API, too."""
        self._stamp = stamp.id
        self._members = members(request.tools)
        self._customs = {tool.name for tool in request.tools if tool.kind == CUSTOM}

    def id_of(self, kind: str, place: int, extra: Extra) -> str:
        return self.given_id(extra) or f"{_PREFIXES[kind]}_{self._stamp}{place:02x}"

    def given_id(self, extra: Extra) -> str:
        """The upstream's; empty where it gave none."""
        raw = extra.get("id") if self.own else None
        try:
            return "" if raw is None else STR.decode(raw)
        except NOT_JSON:
            return ""

    def call_id(self, given: str, place: int) -> str:
        """Never empty: the call's output must name it."""
        return named(given, self._stamp, place)

    def kind_of(self, name: str, kind: str) -> str:
        """A custom tool is called as such, even if its upstream knew it as a function."""
        return CUSTOM if name in self._customs else kind

    def call(self, head: "CallHead", status: str, given: str) -> bytes:
        name, more = self._named(head)
        fields: dict[str, object] = {"id": head.id, "type": "function_call", "status": status}
        if head.kind == CUSTOM:
            fields |= {"type": "custom_tool_call", "call_id": head.call_id, "input": given}
        else:
            fields |= {"arguments": given, "call_id": head.call_id}
        return _encode({**fields, "name": name, **more})

    def _named(self, head: "CallHead") -> tuple[str, Mapping[str, object]]:
        """As the client named it: within its namespace, if it has one."""
        more = {name: raw for name, raw in head.extra.items() if name != "id"} if self.own else {}
        if "namespace" in more:
            # Of a tool that only the upstream has told of: found by a search of its own.
            space = STR.decode(more["namespace"])
            return head.name.removeprefix(flat_name(space, "")), more
        member = self._members.get(head.name)
        if member is None:
            return head.name, more
        return member.name, {"namespace": member.namespace, **more}

    def message(
        self, item_id: str, status: bytes, contents: Sequence[bytes], extra: Extra
    ) -> bytes:
        phase = extra.get("phase") if self.own else None
        return b'{"id":%b,"type":"message","status":"%b","content":[%b]%b,"role":"assistant"}' % (
            _encode(item_id),
            status,
            b",".join(contents),
            b"" if phase is None else b',"phase":' + bytes(phase),
        )


class CallHead:
    """What is known of a call before what it is given."""

    __slots__ = ("call_id", "extra", "id", "kind", "name")

    def __init__(self, item_id: str, call_id: str, name: str, kind: str, extra: Extra) -> None:
        self.id = item_id
        self.call_id = call_id
        self.name = name
        self.kind = kind
        self.extra = extra


def text_content(text: bytes, notes: bytes = b"[]", logprobs: bytes = b"[]") -> bytes:
    """`text` as JSON."""
    return b'{"type":"output_text","annotations":%b,"logprobs":%b,"text":%b}' % (
        notes,
        logprobs,
        text,
    )


def refusal_content(text: bytes) -> bytes:
    return b'{"type":"refusal","refusal":%b}' % text


def reasoning(item_id: str, summary: bytes, encrypted: str) -> bytes:
    """`summary` as JSON text; empty for none."""
    sealed = b',"encrypted_content":' + _encode(encrypted) if encrypted else b""
    shown = b'{"type":"summary_text","text":%b}' % summary if summary else b""
    return b'{"id":%b,"type":"reasoning"%b,"summary":[%b]}' % (_encode(item_id), sealed, shown)


def reasoning_of(part: Reasoning, item_id: str) -> bytes:
    """An item of reasoning that came in one piece: of this API's own upstream as that wrote it."""
    proof = proof_of(part)
    if proof.id or proof.encrypted_content:
        proof.id = proof.id or item_id
        return _encode(item_of(part, proof))
    return reasoning(item_id, _encode(part.text) if part.text else b"", sealed(part, item_id))


def sealed(part: Reasoning, item_id: str) -> str:
    """
    What a client shall bring back as `encrypted_content`.

    Even reasoning without a proof says whose it is: an item of an id that OpenAI never gave would
    be refused there.
    """
    proof = proof_of(part)
    if part.origin == NAME and proof.encrypted_content and proof.id == item_id:
        return proof.encrypted_content
    return carry(part.signature, part.origin, redacted=part.redacted)
