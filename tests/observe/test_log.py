"""The log holds what a caller named, and no credential."""

import msgspec

from trunkline.observe.log import Log, scrub


class StillClock:
    def monotonic(self):
        return 0.0

    def unix(self):
        return 1700000000.5


def test_one_json_object_a_line():
    """Machine-readable, in the order written."""
    lines = []
    Log(lines.append, StillClock()).warning("retry", target="openai/gpt", tries=2)

    assert [
        '{"at":1700000000.5,"level":"warning","event":"retry","target":"openai/gpt","tries":2}\n'
    ] == lines


def test_credentials_are_masked():
    """Whatever an exception's text picked up on its way."""
    for secret in (
        "sk-proj-abcdefgh12345678",
        "sk-ant-api03-xxxxxxxxxxxx",
        "tl_abc123def456_zzzzzzzzzzzz",
        "Bearer eyJhbGciOi.JIUzI1",
        "https://x/y?key=AIzaSyD-1234567890abcdef",
    ):
        assert "[secret]" in scrub(f"upstream said {secret} no")
        assert secret not in scrub(f"upstream said {secret} no")


def test_ordinary_words_stay():
    """Masking must not eat what an operator needs to read."""
    text = "connection to api.openai.com:443 refused; task-force, sk, key=1"

    assert text == scrub(text)


def test_levels():
    """Three of them."""
    lines = []
    log = Log(lines.append, StillClock())
    log.info("a")
    log.error("b")

    assert ["info", "error"] == [msgspec.json.decode(line)["level"] for line in lines]
