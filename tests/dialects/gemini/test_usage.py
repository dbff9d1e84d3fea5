"""Token counts between Google's totals and our classes."""

from msgspec import Raw, json

from trunkline.canon.usage import Usage
from trunkline.dialects.gemini.usage import read_usage, write_usage


def told(**fields):
    return read_usage(Raw(json.encode(fields)))


def test_classes():
    """Cached tokens are within the prompt; tools' input and thoughts stand beside."""
    expected = Usage(input=80, cache_read=40, output=7, reasoning=5)
    assert expected == told(
        promptTokenCount=100,
        toolUsePromptTokenCount=20,
        cachedContentTokenCount=40,
        candidatesTokenCount=7,
        thoughtsTokenCount=5,
        totalTokenCount=132,
    )


def test_audio():
    """Heard and spoken tokens are classes of their own; cached ones are cached."""
    audio = [{"modality": "AUDIO", "tokenCount": 30}]
    expected = Usage(input=10, cache_read=10, audio_input=20, output=1, audio_output=4)
    assert expected == told(
        promptTokenCount=40,
        cachedContentTokenCount=10,
        promptTokensDetails=audio,
        cacheTokensDetails=[{"modality": "AUDIO", "tokenCount": 10}],
        candidatesTokenCount=5,
        candidatesTokensDetails=[{"modality": "AUDIO", "tokenCount": 4}],
    )


def test_nothing_to_believe():
    """No counts, no usage: Vertex AI's first events tell of the traffic's type alone."""
    assert told(trafficType="ON_DEMAND") is None
    assert read_usage(None) is None
    assert read_usage(Raw(b"null")) is None
    assert read_usage(Raw(b"[]")) is None


def test_odd_numbers():
    """Strings are numbers in JSON of protocol buffers; negative and absurd ones are none."""
    assert Usage(input=7) == told(promptTokenCount="7")
    assert Usage(input=7) == told(promptTokenCount=7, candidatesTokenCount=-1)
    assert Usage(input=7) == told(promptTokenCount=7, thoughtsTokenCount=10**12)
    assert Usage(input=0, cache_read=7) == told(promptTokenCount=7, cachedContentTokenCount=9)


def test_written():
    """What we write sums up, and reads the same again."""
    usage = Usage(
        input=5, cache_read=3, audio_input=2, output=7, reasoning=4, audio_output=1, cache_write=6
    )
    fields = write_usage(usage)
    assert 16 == fields["promptTokenCount"]
    assert 28 == fields["totalTokenCount"]
    again = read_usage(Raw(json.encode(fields)))
    assert again is not None
    assert (usage.total_input, usage.total_output) == (again.total_input, again.total_output)
    assert (3, 4, 2, 1) == (
        again.cache_read,
        again.reasoning,
        again.audio_input,
        again.audio_output,
    )
