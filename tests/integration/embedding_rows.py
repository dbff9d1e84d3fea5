"""Providers that embed, in the configuration of the gateways that SDKs of embeddings are tried on."""

PROVIDERS = """
[providers.near]
kind = "sim"

[providers.plain]
dialect = "openai-chat"
base_url = "{simulator}/v1"
api_key = "sk-plain"

[providers.small]
dialect = "openai-embeddings"
base_url = "{simulator}/v1"
api_key = "sk-small"
embeddings = {{ base64 = true, max_inputs = 2, dimensions = "" }}

[providers.broken]
dialect = "openai-embeddings"
base_url = "{simulator}/v1"
api_key = "sk@fault=u11"
"""
"""In the process; over HTTP without and with base64, two texts at a time; one that fails."""
