"""Every dialect, by the name configurations and deployments use."""

from trunkline.dialects.anthropic_messages.dialect import DIALECT as ANTHROPIC_MESSAGES
from trunkline.dialects.base import Dialect
from trunkline.dialects.openai_chat.dialect import DIALECT as OPENAI_CHAT
from trunkline.kernel.registry import Registry

DIALECTS: Registry[Dialect] = Registry([OPENAI_CHAT, ANTHROPIC_MESSAGES])
