"""Recorded exchanges of embeddings."""

from typing import NamedTuple

from msgspec import json


class Pair(NamedTuple):
    name: str
    path: str
    request: dict
    status: int
    answer: dict


def pairs(shared, *words):
    """Those whose name has one of the words: at least one."""
    files = sorted((shared / "fixtures/embeddings").glob("*.json"))
    found = [_pair(file) for file in files if any(word in file.name for word in words)]
    assert found
    return found


def _pair(file):
    told = json.decode(file.read_bytes())
    request, response = told["request"], told["response"]
    return Pair(file.stem, request["path"], request["body"], response["status"], response["body"])
