"""Each shape of a credential is known, in any text, and words that resemble one are left alone."""

import base64
import hashlib

import pytest

from trunkline.observe.shapes import begun, blob, merged, replaced, spans

LONG = "Zq7c" * 6
CREDENTIALS = (
    f"sk-{LONG}",
    f"sk-ant-api03-{LONG}",
    f"sk-proj-{LONG}_-{LONG}",
    f"tl_abcdefghijkl_{LONG}",
    f"tl_admin_{LONG}",
    f"kpx_{LONG}",
    f"plx_ada_{LONG}",
    f"prxy_live_{LONG}",
    f"whsec_{LONG}+/==",
    f"AIza{LONG}",
    f"ya29.{LONG}",
    f"ghp_{LONG}",
    f"github_pat_{LONG}",
    "AKIAABCDEFGHIJKLMNOP",
    f"xoxb-{LONG}",
    f"sk_live_{LONG}",
    f"eyJ{LONG}.eyJ{LONG}.{LONG}",
)


def named(name):
    return name.lower() in {"password", "api-key", "authorization"}


def masked(text, **more):
    return replaced(text, merged(spans(text, named, **more)))


@pytest.mark.parametrize("around", ("{}", "my key is {}.", "密钥{}，", "a={}&b", "({})", "\n{}\n"))
@pytest.mark.parametrize("credential", CREDENTIALS)
def test_a_credential_is_masked(credential, around):
    """Whatever stands around it, which stays."""
    told = masked(around.format(credential))

    assert LONG not in told
    assert "AKIA" not in told
    assert told.startswith(around.partition("{")[0])


@pytest.mark.parametrize(
    ("text", "told"),
    (
        (f"Bearer {LONG}", "Bearer [redacted]"),
        (f"bearer  {LONG}", "bearer  [redacted]"),
        ("postgres://ada:hunter2@db/x", "postgres://[redacted]@db/x"),
        ("https://x.example/?password=hunter2&b=1", "https://x.example/?password=[redacted]&b=1"),
        ("https://x.example/?key=hunter2", "https://x.example/?key=[redacted]"),
        ("PASSWORD='hunter2' b", "PASSWORD='[redacted]' b"),
        ("-H 'api-key: hunter2'", "-H 'api-key: [redacted]'"),
        ("Authorization: Basic aHVudGVyMg==", "Authorization: Basic [redacted]"),
        (
            "-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\nb",
            "[redacted]\nb",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMHc", "[redacted]"),
    ),
)
def test_what_tells_a_credential_tells_its_end(text, told):
    """The rest of the text stays as it is."""
    assert told == masked(text)


@pytest.mark.parametrize(
    "text",
    (
        "a task-oriented-dialogue-system and risk-adjusted-returns-of-all",
        "html_document_of_great_length",
        "shelf_abcdefghijklmnopqrstuvwxyz",
        "sk-learn is short, as is tl_dr",
        "The bearer authentication of old; a Bearer of news.",
        "-----BEGIN CERTIFICATE-----\nMIIB",
        "http://localhost:8080/a@b and 12:30",
        "monkey=banana, key=value",
        "ada@example.com",
    ),
)
def test_words_are_left_alone(text):
    """Or nobody could read what is kept."""
    assert text == masked(text)


def test_addresses_are_masked_when_asked():
    """They are nobody's secret, but somebody's name."""
    assert "write to [redacted], or not" == masked("write to ada.l@x.example, or not", emails=True)


def test_an_image_is_told_by_its_digest():
    """So that one can be told from another, and found again by sha256sum."""
    data = bytes(range(256)) * 3
    digest = hashlib.sha256(data).hexdigest()[:16]
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(data).decode()
        assert f"[base64, 768 bytes, sha256 {digest}]" == blob(text)
        told = f"see ([data:image/png, 768 bytes, sha256 {digest}])"
        assert told == masked(f"see (data:image/png;charset=x;base64,{text})")
    assert blob("A" * 511) is None
    assert blob("a word " * 99) is None


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_half_a_credential_at_the_end_is_masked(credential):
    """However little is left of it behind its prefix."""
    for length in range(11, len(credential)):
        text = f"a {credential[:length]}"
        found = merged([*spans(text, named), *begun(text)])
        assert "a [redacted]" == replaced(text, found)


def test_what_overlaps_goes_once():
    """With the words of what began first."""
    assert [(0, 9, "a"), (9, 10, "c")] == merged([(2, 9, "b"), (0, 5, "a"), (9, 10, "c")])
