"""
Reasoning items to the part they amount to, and back: for both roles.

The part's text is what the item shows, its signature what proves it, as a JSON text: the item's id,
its encrypted content, and how the text was divided. Clients of other dialects carry that unread.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from msgspec import Struct, json

from trunkline.canon.content import Reasoning
from trunkline.dialects.openai_responses.wire import NAME
from trunkline.dialects.raws import NOT_JSON

BETWEEN = "\n\n"
"""Between the texts of one item, which are paragraphs."""


class Proof(Struct, omit_defaults=True):
    id: str = ""
    encrypted_content: str = ""
    spoken: bool = False
    """The text is the reasoning itself (`content`), which open models show; not its summary."""
    lengths: tuple[int, ...] = ()
    """Of the texts, in characters, where they are more than one."""


class SummaryText(Struct, tag="summary_text"):
    text: str


class ReasoningText(Struct, tag="reasoning_text"):
    text: str


class ReasoningItem(Struct, tag="reasoning", omit_defaults=True):
    id: str = ""
    summary: list[SummaryText] | None = None
    content: list[ReasoningText] | None = None
    encrypted_content: str = ""


_PROOF = json.Decoder(Proof)


def signature_of(
    item_id: str, encrypted_content: str, texts: Sequence[str] = (), *, spoken: bool = False
) -> str:
    """Empty where there is nothing to prove. `texts` are those the part's text is made of."""
    if not (item_id or encrypted_content):
        return ""
    lengths = tuple(map(len, texts)) if len(texts) > 1 else ()
    return json.encode(Proof(item_id, encrypted_content, spoken, lengths)).decode()


def part_of(
    item_id: str, encrypted_content: str, summary: Sequence[str], content: Sequence[str]
) -> Reasoning | None:
    """
    None where the item holds nothing.

    Where it has both a summary and the reasoning itself, the latter is its text.
    """
    texts = content or summary
    text = BETWEEN.join(texts)
    signature = signature_of(item_id, encrypted_content, texts, spoken=bool(content))
    if not (text or signature):
        return None
    return Reasoning(text, signature, NAME if signature else "", bool(signature) and not text)


def proof_of(part: Reasoning) -> Proof:
    """An empty one where the part proves nothing to this dialect."""
    if part.origin != NAME:
        return Proof()
    try:
        return _PROOF.decode(part.signature)
    except NOT_JSON:
        return Proof()


def item_of(part: Reasoning, proof: Proof) -> ReasoningItem:
    """The item as the API wrote it; `summary` is required, and empty where there is none."""
    texts = _divided(part.text, proof.lengths) if part.text else []
    item = ReasoningItem(proof.id, [], None, proof.encrypted_content)
    if proof.spoken:
        item.content = [ReasoningText(text) for text in texts]
    else:
        item.summary = [SummaryText(text) for text in texts]
    return item


def _divided(text: str, lengths: Sequence[int]) -> list[str]:
    """The whole text where it does not divide as it should."""
    gap = len(BETWEEN)
    starts = list(accumulate((length + gap for length in lengths), initial=0))
    if not lengths or starts[-1] - gap != len(text):
        return [text]
    return [text[start : end - gap] for start, end in pairwise(starts)]
