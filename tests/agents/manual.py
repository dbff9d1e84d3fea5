"""What docs/agents.md tells a user to set: the agents are started with just that."""

import re
from collections.abc import Mapping
from pathlib import Path

GATEWAY, KEY = "http://127.0.0.1:8787", "TRUNKLINE_KEY"
_PAGE = Path(__file__).parents[2] / "docs/agents.md"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export (\w+)=(\S+)$", re.MULTILINE)


def snippet(agent: str, language: str, base: str) -> str:
    """The first snippet of that language in the agent's chapter, with the gateway where it is."""
    chapters = _PAGE.read_text("utf-8").split("\n## ")
    (chapter,) = [text for text in chapters if text.startswith(f"{agent}\n")]
    found = [text for name, text in _FENCE.findall(chapter) if name == language]
    return found[0].replace(GATEWAY, base)


def exports(agent: str, base: str, key: str) -> Mapping[str, str]:
    """The variables that its shell snippet sets."""
    values = dict(_EXPORT.findall(snippet(agent, "sh", base)))
    return {name: value.replace(f"${KEY}", key) for name, value in values.items()}
