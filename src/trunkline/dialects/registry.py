"""Every dialect, by the name configurations and deployments use."""

from trunkline.dialects.anthropic_messages.dialect import AnthropicMessages
from trunkline.dialects.base import ClientDialect, Dialect
from trunkline.dialects.bedrock_converse.dialect import BedrockConverse
from trunkline.dialects.cohere_chat.dialect import CohereChat
from trunkline.dialects.cohere_embeddings.dialect import CohereEmbeddings
from trunkline.dialects.counting import CountingDialect
from trunkline.dialects.embedding_base import EmbeddingClient, EmbeddingServer
from trunkline.dialects.gemini.dialect import Gemini
from trunkline.dialects.gemini_embeddings.dialect import GeminiEmbeddings
from trunkline.dialects.openai_chat.dialect import OpenAIChat
from trunkline.dialects.openai_completions.dialect import OpenAICompletions
from trunkline.dialects.openai_embeddings.dialect import OpenAIEmbeddings
from trunkline.dialects.openai_responses.dialect import OpenAIResponses
from trunkline.kernel.registry import Registry

DIALECTS: Registry[Dialect] = Registry(
    [OpenAIChat(), AnthropicMessages(), OpenAIResponses(), Gemini()]
)
"""Those that clients speak; each faces upstreams, too."""

TEXT_ONLY: Registry[Dialect] = Registry([OpenAICompletions()])
"""Those whose answers are text and nothing else: no calls, no thoughts."""

UPSTREAM_ONLY: Registry[ClientDialect] = Registry([BedrockConverse(), CohereChat()])
"""Those that no client of ours speaks."""

COUNTING: Registry[CountingDialect] = Registry([AnthropicMessages(), OpenAIResponses(), Gemini()])
"""Those with an endpoint that counts a request's tokens."""

EMBEDDING_SERVERS: Registry[EmbeddingServer] = Registry([OpenAIEmbeddings(), GeminiEmbeddings()])
"""Those in which clients ask for embeddings."""

EMBEDDINGS: Registry[EmbeddingClient] = Registry(
    [OpenAIEmbeddings(), GeminiEmbeddings(), CohereEmbeddings()]
)
"""Those in which upstreams are asked for embeddings."""
