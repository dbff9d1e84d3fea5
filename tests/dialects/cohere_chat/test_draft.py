"""What the encoders share."""

from tests.dialects.cohere_chat.kit import WEATHER, chat, to
from trunkline.canon.content import CacheMark
from trunkline.canon.request import ChoiceMode, ToolChoice
from trunkline.dialects.cohere_chat.draft import Draft


def test_each_thing_is_said_once():
    """However often it happens."""
    draft = Draft(chat(), to())
    for cache in (CacheMark(), CacheMark(), None):
        draft.unmark(cache)

    assert ["cache_control"] == [note.field for note in draft.notes.all()]


def test_who_thinks():
    """As the row tells."""
    assert Draft(chat(), to()).thinks
    assert not Draft(chat(), to(efforts=())).thinks


def test_which_tools_are_offered():
    """All, but where the client named some."""

    def offered(choice):
        return Draft(chat(tools=(WEATHER,), tool_choice=choice), to()).offered

    assert offered(None) is None
    assert offered(ToolChoice(ChoiceMode.REQUIRED)) is None
    assert {"weather"} == offered(ToolChoice(ChoiceMode.ONE, ("weather",)))
    assert {"a", "b"} == offered(ToolChoice(ChoiceMode.SUBSET, ("a", "b")))
