"""Tools and the choice between them, off the wire."""

from msgspec import Raw, json

from trunkline.canon.errors import Malformed
from trunkline.canon.request import ChoiceMode, Tool, ToolChoice
from trunkline.dialects.camel import Camel
from trunkline.dialects.fields import STR
from trunkline.dialects.gemini.schema import json_schema
from trunkline.dialects.gemini.wire import NAME

_NAMES: json.Decoder[list[str]] = json.Decoder(list[str])
_ALIKE = ("parametersJsonSchema", "parameters")


def read_tools(body: Camel) -> tuple[Tool, ...]:
    """Raises Malformed."""
    tools: list[Tool] = []
    for raw, path in body.entries("tools"):
        entry = Camel.of(raw, path)
        for function, where in entry.entries("functionDeclarations"):
            tools.append(_function(function, Camel.of(function, where)))
        tools += [
            Tool(name=name, kind="builtin", raw=Raw(json.encode({name: config})), origin=NAME)
            for name, config in entry.rest().items()
        ]
    return tuple(tools)


def _function(raw: Raw, function: Camel) -> Tool:
    """Its definition is kept where it says more than we understand, or in another schema's words."""
    parameters, plain = None, True
    for field in _ALIKE:
        given = function.raw(field)
        if given is not None:
            parameters = json_schema(given, function.at(field))
            plain = plain and field == _ALIKE[0] and parameters == given
            break
    tool = Tool(
        name=function.need("name", STR),
        description=function.get("description", STR),
        parameters=parameters,
    )
    if plain and not function.rest():
        return tool
    return Tool(
        name=tool.name,
        description=tool.description,
        parameters=tool.parameters,
        raw=raw,
        origin=NAME,
    )


def read_choice(body: Camel) -> tuple[ToolChoice | None, Raw | None]:
    """The choice, and what else `toolConfig` holds. Raises Malformed."""
    raw = body.raw("toolConfig")
    if raw is None:
        return None, None
    config = Camel.of(raw, "toolConfig")
    whole = config.raw("functionCallingConfig")
    choice = None
    if whole is not None:
        calling = Camel.of(whole, config.at("functionCallingConfig"))
        word = calling.get("mode", STR) or "AUTO"
        choice = _choice(word, _names(calling))
        if calling.rest() or (word == "VALIDATED" and not choice.names):
            config.keep("functionCallingConfig", whole)
    rest = config.rest()
    return choice, Raw(json.encode(rest)) if rest else None


def _names(calling: Camel) -> tuple[str, ...]:
    given = calling.get("allowedFunctionNames", _NAMES)
    return tuple(given or ())


def _choice(word: str, names: tuple[str, ...]) -> ToolChoice:
    match word.upper():
        case "NONE":
            return ToolChoice(ChoiceMode.NONE)
        case "ANY":
            if len(names) == 1:
                return ToolChoice(ChoiceMode.ONE, names)
            mode = ChoiceMode.SUBSET_REQUIRED if names else ChoiceMode.REQUIRED
            return ToolChoice(mode, names)
        case "AUTO" | "VALIDATED" | "MODE_UNSPECIFIED":
            return ToolChoice(ChoiceMode.SUBSET if names else ChoiceMode.AUTO, names)
        case _:
            where = "toolConfig.functionCallingConfig.mode"
            raise Malformed(f"invalid '{where}': unknown value '{word[:50]}'", param=where)
