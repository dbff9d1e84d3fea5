"""JSON kept as it came: what every dialect needs to look into a little of it."""

from msgspec import MsgspecError, Raw, json

RAW_MAP = json.Decoder(dict[str, Raw])
RAW_LIST = json.Decoder(list[Raw])

NULL = Raw(b"null")
"""Raws are compared as they are: to copy one to bytes may copy a whole conversation."""

NOT_JSON = (MsgspecError, UnicodeDecodeError, RecursionError)
"""All that decoding arbitrary bytes can raise: bad JSON, bad UTF-8, nesting without end."""
