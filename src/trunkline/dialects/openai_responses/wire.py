"""What both roles of the dialect share: its name, and the shapes of the wire."""

NAME = "openai-responses"
