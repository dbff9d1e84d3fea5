"""The conversation of a request, off the wire."""

from msgspec import Raw

from trunkline.canon.content import (
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Malformed
from trunkline.dialects.camel import Camel
from trunkline.dialects.fields import BOOL, STR, is_string
from trunkline.dialects.gemini.decode_parts import read_part
from trunkline.dialects.gemini.encode_parts import is_object
from trunkline.dialects.gemini.signature import unpack
from trunkline.dialects.gemini.wire import NAME
from trunkline.dialects.raws import NOT_JSON, RAW_MAP
from trunkline.dialects.thought_ids import signed

_ROLES = {
    "user": Role.USER,
    "model": Role.ASSISTANT,
    "function": Role.USER,  # where results stood in the API's first version
    "tool": Role.USER,
    "system": Role.SYSTEM,
}
_NO_ARGUMENTS = "{}"


class _Pending:
    """A call that waits for its result."""

    __slots__ = ("call_id", "name", "plain")

    def __init__(self, plain: str, call_id: str, name: str) -> None:
        self.plain = plain
        """As the client knows it; "" where it gave none."""
        self.call_id = call_id
        self.name = name


class _Reader:
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._pending: list[_Pending] = []
        self._calls = 0

    def take(self, content: Camel) -> None:
        word = content.get("role", STR) or "user"
        role = _ROLES.get(word)
        if role is None:
            param = content.at("role")
            raise Malformed(f"Please use a valid role: user, model. ({param})", param=param)
        parts = [(Camel.of(raw, path), raw) for raw, path in content.entries("parts")]
        if role is Role.ASSISTANT:
            spoken = _merged(self._spoken(parts))
            self.messages.append(Message(role, tuple(spoken), extra=content.rest()))
        else:
            self._shown(role, parts, content)

    def _shown(self, role: Role, parts: list[tuple[Camel, Raw]], content: Camel) -> None:
        """Results are a message of their own, before whatever else stands in their content."""
        results: list[Part] = []
        others: list[Part] = []
        for part, raw in parts:
            response = part.inner("functionResponse")
            if response is not None:
                results.append(self._result(response))
            else:
                part.raw("thoughtSignature")
                others.append(read_part(part, raw))
        extra = content.rest()
        if results:
            self._put_results(tuple(results))
        if others or not results:
            self.messages.append(Message(role, tuple(others), extra=extra))

    def _put_results(self, results: tuple[Part, ...]) -> None:
        last = self.messages[-1] if self.messages else None
        if last is not None and last.role is Role.TOOL:
            self.messages[-1] = Message(Role.TOOL, (*last.parts, *results))
        else:
            self.messages.append(Message(Role.TOOL, results))

    def _spoken(self, parts: list[tuple[Camel, Raw]]) -> list[Part]:
        spoken: list[Part] = []
        for part, raw in parts:
            thought = part.get("thought", BOOL) or False
            packed = part.get("thoughtSignature", STR) or ""
            call = part.inner("functionCall")
            if call is not None:
                spoken.append(self._call(call, packed, part))
                continue
            read = _of_model(part, raw)
            text = read.text if isinstance(read, Text) else None
            if text is None:
                spoken.append(read)
                continue
            signature, origin = unpack(packed) if packed else ("", "")
            if thought and (text or packed):
                whose = origin if packed else NAME
                spoken.append(Reasoning(text, signature, whose, redacted=not text))
                continue
            if text or not packed:
                spoken.append(read)
            if packed:
                spoken.append(Reasoning("", signature, origin, redacted=True))
        return spoken

    def _call(self, call: Camel, signature: str, part: Camel) -> ToolCall:
        self._calls += 1
        plain, name = call.get("id", STR) or "", call.need("name", STR)
        call_id = signed(plain or f"call_{self._calls}", signature)
        args = call.raw("args")
        if args is not None and not bytes(args).lstrip().startswith(b"{"):
            raise Malformed(
                f"invalid '{call.at('args')}': expected an object", param=call.at("args")
            )
        self._pending.append(_Pending(plain, call_id, name))
        arguments = _NO_ARGUMENTS if args is None else bytes(args).decode()
        return ToolCall(call_id, name, arguments, extra=part.rest())

    def _result(self, response: Camel) -> ToolResult:
        plain, name = response.get("id", STR) or "", response.need("name", STR)
        call_id = self._answered(plain, name)
        text, failed = _output(response.raw("response"))
        attached = [read_part(Camel.of(raw, path), raw) for raw, path in response.entries("parts")]
        parts = (*((Text(text),) if text or not attached else ()), *attached)
        return ToolResult(call_id, parts, failed, extra=response.rest())

    def _answered(self, plain: str, name: str) -> str:
        """The call a result is for: by its id, else the first of its name that has none yet."""
        pending = self._pending
        found = next((p for p in pending if plain and p.plain == plain), None)
        if found is None and not plain:
            found = next((p for p in pending if p.name == name), None)
        if found is None:
            return plain or f"call_{name}"
        pending.remove(found)
        return found.call_id


def read_contents(body: Camel) -> tuple[Message, ...]:
    """The system's instruction first. Raises Malformed."""
    messages = [] if (system := _system(body)) is None else [system]
    reader = _Reader()
    for raw, path in body.entries("contents"):
        reader.take(Camel.of(raw, path))
    if not reader.messages:
        raise Malformed("contents is not specified", param="contents")
    return (*messages, *reader.messages)


def _system(body: Camel) -> Message | None:
    raw = body.raw("systemInstruction")
    if raw is None:
        return None
    if is_string(raw):
        return Message(Role.SYSTEM, (Text(STR.decode(raw)),))
    content = Camel.of(raw, "systemInstruction")
    content.raw("role")
    parts = [read_part(Camel.of(r, path), r) for r, path in content.entries("parts")]
    return Message(Role.SYSTEM, tuple(parts), extra=content.rest()) if parts else None


def _of_model(part: Camel, raw: Raw) -> Part:
    """A part of nothing but a signature is an empty text."""
    rest = part.rest()
    return read_part(part, raw) if rest else Text("")


def _merged(parts: list[Part]) -> list[Part]:
    """Thoughts that came in pieces, the last of them signed, are one."""
    merged: list[Part] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, Reasoning) and isinstance(last, Reasoning) and _goes_on(last):
            merged[-1] = Reasoning(last.text + part.text, part.signature, part.origin)
        else:
            merged.append(part)
    return merged


def _goes_on(thought: Reasoning) -> bool:
    return bool(thought.text) and not thought.signature


def _output(raw: Raw | None) -> tuple[str, bool]:
    """A text where the response is one under Google's own key for it, else the object."""
    if raw is None:
        return "", False
    text = bytes(raw).decode()
    try:
        fields = RAW_MAP.decode(raw)
        for key, failed in (("output", False), ("error", True)):
            if fields.keys() == {key} and is_string(fields[key]):
                said = STR.decode(fields[key])
                if failed or not is_object(said):
                    return said, failed
    except NOT_JSON:
        pass
    return text, False
