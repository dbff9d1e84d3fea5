"""Media types."""

from trunkline.dialects.gemini.media import audio_format, type_of


def test_by_ending():
    """A URL's path tells; its query does not, nor does what is no URL."""
    assert "image/png" == type_of("https://a.example/b/c.PNG?x=y.pdf")
    assert "application/pdf" == type_of("gs://bucket/a.pdf")
    assert "" == type_of("https://a.example/picture")
    assert "" == type_of("https://[a/b.png")


def test_sound():
    """OpenAI's two words, whatever their media types are called."""
    assert "mp3" == audio_format("audio/mpeg")
    assert "wav" == audio_format("audio/x-wav")
    assert "ogg" == audio_format("audio/ogg; codecs=opus")
