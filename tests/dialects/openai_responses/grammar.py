"""The grammar of a Responses stream, as a checker of events."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

_LAST = frozenset({"completed", "incomplete", "failed"})
_ITEM_EVENTS = ("output_text", "refusal", "reasoning_", "function_call", "custom_tool_call")


def violations(events: Iterable[dict[str, Any]]) -> list[str]:
    """What is wrong with a stream; empty when it obeys."""
    checker = _Checker()
    for number, event in enumerate(events):
        checker.see(number, event)
    return checker.end()


class _Checker:
    def __init__(self) -> None:
        self.wrong: list[str] = []
        self._seen: list[str] = []
        self._ids: set[str] = set()
        self._items: dict[int, dict[str, Any]] = {}
        self._done: dict[int, dict[str, Any]] = {}
        self._places: dict[tuple[int, int], str] = {}
        """Contents and summaries announced, and what they have said so far."""
        self._wholes: Counter[tuple[int, int]] = Counter()
        """How often each was said again, whole."""

    def see(self, number: int, event: dict[str, Any]) -> None:
        name = event["type"].removeprefix("response.")
        if event["sequence_number"] != number:
            self._say(number, f"is numbered {event['sequence_number']}")
        if self._seen and self._seen[-1] in _LAST:
            self._say(number, f"{name} after the end")
        self._seen.append(name)
        if "response" in event:
            self._ids.add(event["response"]["id"])
        if name == "output_item.added":
            self._added(number, event)
        elif name == "output_item.done":
            self._finished(number, event)
        elif name.startswith(("content_part", "reasoning_summary_part")):
            self._part(number, name, event)
        elif name.startswith(_ITEM_EVENTS):
            self._within(number, name, event)
        if name in _LAST and name != "failed":
            self._ended(event["response"])

    def end(self) -> list[str]:
        if self._seen[:2] != ["created", "in_progress"]:
            self.wrong.append(f"begins with {self._seen[:2]}")
        if self._seen[-1] not in _LAST:
            self.wrong.append(f"ends with {self._seen[-1]}")
        if len(self._ids) != 1:
            self.wrong.append(f"one response has the ids {self._ids}")
        return self.wrong

    def _added(self, number: int, event: dict[str, Any]) -> None:
        place = event["output_index"]
        if place != len(self._items):
            self._say(number, f"adds item {place}, expected {len(self._items)}")
        self._items[place] = event["item"]

    def _finished(self, number: int, event: dict[str, Any]) -> None:
        place = event["output_index"]
        added = self._items.get(place, {})
        if (added.get("id"), added.get("type")) != (event["item"]["id"], event["item"]["type"]):
            self._say(number, "is done as another item than was added")
        if place in self._done:
            self._say(number, "is done twice")
        self._all_said(number, place, event["item"])
        self._done[place] = event["item"]

    def _all_said(self, number: int, place: int, item: dict[str, Any]) -> None:
        """By its own event; contents and summaries by that of their part, too."""
        call = "call_id" in item
        parts = 1 if call else len(item.get("content", item.get("summary", ())))
        for at in range(parts):
            if self._wholes[place, at] != (1 if call else 2):
                self._say(number, f"is done, but its part {at} is not")

    def _part(self, number: int, name: str, event: dict[str, Any]) -> None:
        key = _key(event)
        self._open(number, event)
        said = event["part"].get("text", event["part"].get("refusal"))
        if name.endswith("added"):
            self._places[key] = ""
        else:
            self._wholes[key] += 1
        if said != self._places.get(key):
            self._say(number, f"{name} says {said!r} of {self._places.get(key)!r}")

    def _within(self, number: int, name: str, event: dict[str, Any]) -> None:
        key = _key(event)
        self._open(number, event)
        if "call" in name:
            self._places.setdefault(key, "")
        if key not in self._places:
            self._say(number, f"{name} before its part was added")
        elif name.endswith(".delta"):
            self._places[key] += event["delta"]
        elif name.endswith(".done"):
            self._wholes[key] += 1
            said = next(event[f] for f in ("text", "refusal", "arguments", "input") if f in event)
            if said != self._places[key]:
                self._say(number, f"{name} says {said!r}, its deltas {self._places[key]!r}")

    def _open(self, number: int, event: dict[str, Any]) -> None:
        place = event["output_index"]
        if self._items.get(place, {}).get("id") != event["item_id"] or place in self._done:
            self._say(number, f"{event['type']} of an item that is not open")

    def _ended(self, response: dict[str, Any]) -> None:
        if response["output"] != [item for _, item in sorted(self._done.items())]:
            self.wrong.append("the response holds other items than were done")
        if self._done.keys() != self._items.keys():
            self.wrong.append(f"items {self._items.keys() - self._done.keys()} were never done")

    def _say(self, number: int, what: str) -> None:
        self.wrong.append(f"event {number}: {what}")


def _key(event: dict[str, Any]) -> tuple[int, int]:
    return event["output_index"], event.get("content_index", event.get("summary_index", 0))
