"""What both roles of the dialect share: its name, and the shapes of the wire."""

from typing import Final

NAME: Final = "openai-responses"

ADDITIONAL: Final = "openai-responses/item"
"""
The origin of tools that an item of the input brought along (additional_tools, tool_search_output).

That item stays in its message as an Opaque part, so this dialect does not write such tools again;
for every other dialect they are tools like any.
"""
