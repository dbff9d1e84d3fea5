"""What an upstream says of its own failure, made safe to pass on."""

import re

# Providers echo the credential they refuse, whole or in part: OpenAI "sk-proj-...", Groq "gsk_...",
# Google "AIza...", xAI "xai-...", Hugging Face "hf_...", NVIDIA "nvapi-...", and bearer tokens.
_SECRET = re.compile(
    r"(?:\b(?:sk|pk|rk|gsk|csk|fw|hf|tgp|xai|pplx|nvapi|key|tok|api)[-_]|\bAIza|\bya29\.|\beyJ)"
    r"[A-Za-z0-9*._\-]{8,}"
    r"|\b[Bb]earer\s+[A-Za-z0-9*._\-]{8,}"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]+")
_LONGEST = 1024


def scrub(text: str) -> str:
    """At most 1,024 characters, with whatever looks like a credential masked."""
    # Cut behind the masking, so that no half of a secret slips through; bounded before it, for speed.
    masked = _SECRET.sub("***", _CONTROL.sub(" ", text[: 4 * _LONGEST]))
    return masked if len(masked) <= _LONGEST else masked[: _LONGEST - 1] + "…"
