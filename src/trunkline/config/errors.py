"""What is wrong with a configuration: file, line, key, and what was expected."""


class ConfigError(Exception):
    """Never shows a value: it may be a credential."""

    def __init__(self, key: str, expected: str, *, file: str = "", line: int = 0) -> None:
        where = f"{file}:{line}: " if line else f"{file}: " if file else ""
        super().__init__(f"{where}{key}: {expected}" if key else f"{where}{expected}")
        self.key = key
        """Dotted path ("providers.openai.api_key"); empty when the file as a whole is meant."""
        self.expected = expected
        self.file = file
        self.line = line
