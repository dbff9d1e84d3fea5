"""Our counting equals tiktoken's, in steps that are short."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.intelligence.tokens.bpe import Bpe
from trunkline.intelligence.tokens.vocabulary import PATTERNS, Vocabulary, fill, read_table

tiktoken = pytest.importorskip("tiktoken", reason="the reference is in the test extra")


def pair(vocabulary: Vocabulary) -> tuple[Bpe, "tiktoken.Encoding"]:
    """Ours, and the reference built from the same table without a network."""
    ranks: dict[bytes, int] = {}
    for _ in fill(read_table(vocabulary), ranks):
        pass
    reference = tiktoken.Encoding(
        vocabulary.value,
        pat_str=PATTERNS[vocabulary],
        mergeable_ranks=ranks,
        special_tokens={},
    )
    return Bpe(PATTERNS[vocabulary], ranks), reference


PAIRS = {vocabulary: pair(vocabulary) for vocabulary in Vocabulary}

TEXTS = (
    "",
    " ",
    "Hello, world!",
    "It's the model's job; they'll DON'T we've I'm you'd",
    "def f(x: int) -> int:\n    return x ** 2  # square\n\n\n",
    '{"name":"get_weather","arguments":{"city":"Zürich","days":3}}',
    "1234567890 3.14159 0xFF 1,000,000",
    "今天天气很好,我们一起去公园散步吧。",
    "Привет, как дела? Γειά σου Κόσμε. مرحبا بالعالم. नमस्ते दुनिया",
    "👩‍👩‍👧‍👦 🇨🇭 e\u0301 \ufeff\u200b",
    "\t\t tabs \r\n\r\n windows \n\n\n  and   spaces   ",
    "https://example.com/a/b?c=d&e=f#g ////// ------ ======",
    "<|endoftext|> is text, too",
    "CamelCaseIdentifier snake_case_identifier SCREAMING_CASE aB cD",
)


@pytest.mark.parametrize("vocabulary", Vocabulary)
@pytest.mark.parametrize("text", TEXTS)
def test_known_texts_count_as_with_tiktoken(vocabulary: Vocabulary, text: str) -> None:
    """Words, code, numbers, scripts, emoji, white space, and what looks like a special token."""
    ours, reference = PAIRS[vocabulary]
    assert len(reference.encode_ordinary(text)) == ours.count(text)


SNIPPETS = st.sampled_from((*TEXTS, "a", "Z", "ß", "\n", "  ", "'s", "'LL", "/", "9", "你"))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(Vocabulary), st.lists(st.one_of(SNIPPETS, st.text(max_size=20)), max_size=8))
def test_any_text_counts_as_with_tiktoken(vocabulary: Vocabulary, parts: list[str]) -> None:
    """Whatever stands beside whatever."""
    ours, reference = PAIRS[vocabulary]
    text = "".join(parts)
    assert len(reference.encode_ordinary(text)) == ours.count(text)


@pytest.mark.parametrize("vocabulary", Vocabulary)
def test_long_prose_and_code_are_exact_across_steps(vocabulary: Vocabulary) -> None:
    """Cuts fall only where no token crosses them, whatever the text's period."""
    ours, reference = PAIRS[vocabulary]
    for text in TEXTS[2:6]:
        for filler in ("", " and ", "\n", "\nNext "):
            long = (text + filler) * (60_000 // len(text + filler))
            if " " in text + filler:
                expected, actual = len(reference.encode_ordinary(long)), ours.count(long)
                assert expected == actual, (text, filler)


@pytest.mark.parametrize(
    "text", ("a" * 50_000, " " * 50_000, "=-" * 20_000, "天地玄黄" * 5000, "x1" * 20_000)
)
def test_blobs_are_counted_nearly_and_in_short_steps(text: str) -> None:
    """A run without a word break is cut by force: at most one token more for each cut."""
    ours, reference = PAIRS[Vocabulary.O200K]
    exact = len(reference.encode_ordinary(text))
    steps = list(ours.steps(text))
    cuts = len(text.encode()) // 512 + len(text) // 8192 + 2
    assert exact <= sum(steps) <= exact + 2 * cuts
    assert len(steps) >= len(text) // 8192


def test_a_long_text_is_many_steps() -> None:
    """So that whoever counts on an event loop may let others go first."""
    ours, _ = PAIRS[Vocabulary.O200K]
    steps = list(ours.steps("All work and no play makes a dull gateway. " * 4000))
    assert len(steps) >= 172_000 // 8192 - 1
    assert 10 * 4000 + 1 == sum(steps)


def test_no_text_is_no_work() -> None:
    """Nothing comes of nothing."""
    ours, _ = PAIRS[Vocabulary.O200K]
    assert [] == list(ours.steps(""))


def test_broken_text_is_counted_all_the_same() -> None:
    """A lone surrogate, as JSON may carry one, is a character like any other."""
    ours, _ = PAIRS[Vocabulary.O200K]
    assert ours.count("a\ud800b") > 0


@pytest.mark.parametrize("vocabulary", Vocabulary)
@settings(max_examples=30)
@given(text=st.text(st.characters(exclude_categories=("Cs",))))
def test_tokens_are_read_back(vocabulary: Vocabulary, text: str) -> None:
    """What tiktoken makes of a text is that text again."""
    ours, reference = PAIRS[vocabulary]
    tokens = reference.encode_ordinary(text)

    assert text == ours.text(tokens)


def test_what_is_no_token_of_a_text() -> None:
    """A control token, one too high, a negative one: nothing is made up."""
    ours, _ = PAIRS[Vocabulary.CL100K]
    for token in (100_257, 1 << 40, -1):
        assert ours.text([15339, token]) is None
    assert "hello" == ours.text([15339])
