"""Exports as providers write them, small."""

import msgspec

OPENAI_USAGE = msgspec.json.encode(
    {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": 1795219200,
                "end_time": 1795305600,
                "results": [
                    {
                        "object": "organization.usage.completions.result",
                        "input_tokens": 1000,
                        "output_tokens": 500,
                        "input_cached_tokens": 800,
                        "input_audio_tokens": 7,
                        "output_audio_tokens": 3,
                        "num_model_requests": 5,
                        "project_id": None,
                        "user_id": None,
                        "api_key_id": None,
                        "model": "gpt-4o-mini-2024-07-18",
                        "batch": None,
                        "service_tier": None,
                    }
                ],
            },
            {"object": "bucket", "start_time": 1795305600, "end_time": 1795392000, "results": []},
        ],
        "has_more": False,
        "next_page": None,
    }
)
OPENAI_COSTS = msgspec.json.encode(
    {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": 1795219200,
                "end_time": 1795305600,
                "results": [
                    {
                        "object": "organization.costs.result",
                        "amount": {"value": value, "currency": "usd"},
                        "line_item": f"gpt-4o-mini-2024-07-18, {item}",
                        "project_id": None,
                    }
                    for value, item in ((0.06, "input"), ("0.0000000012", "output"))
                ],
            }
        ],
        "has_more": False,
        "next_page": None,
    }
)
OPENAI_USAGE_CSV = b"""\xef\xbb\xbfstart_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens\r
1795219200,1795219260,2026-11-21T00:00:00+00:00,2026-11-21T00:01:00+00:00,p,2,,,gpt-4o-mini-2024-07-18,False,default,1000,50,300,700\r
1795219260,1795219320,2026-11-21T00:01:00+00:00,2026-11-21T00:02:00+00:00,p,1,,,gpt-4.1,False,default,10,5,0,10\r
1795219320,1795219380,2026-11-21T00:02:00+00:00,2026-11-21T00:03:00+00:00,,,,,,,,,,,\r
"""
OPENAI_COSTS_CSV = b"""start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id,organization_id,organization_name
1795219200,1795305600,2026-11-21T00:00:00+00:00,2026-11-22T00:00:00+00:00,0.8958740000000000,usd,,,org-1,Us
1795305600,1795392000,2026-11-22T00:00:00+00:00,2026-11-23T00:00:00+00:00,,,,,,
"""
ANTHROPIC_USAGE = msgspec.json.encode(
    {
        "data": [
            {
                "starting_at": "2026-11-21T00:00:00Z",
                "ending_at": "2026-11-22T00:00:00Z",
                "results": [
                    {
                        "uncached_input_tokens": 1500,
                        "cache_creation": {
                            "ephemeral_1h_input_tokens": 1000,
                            "ephemeral_5m_input_tokens": 500,
                        },
                        "cache_read_input_tokens": 200,
                        "output_tokens": 500,
                        "server_tool_use": {"web_search_requests": 10},
                        "api_key_id": None,
                        "workspace_id": None,
                        "model": "claude-sonnet-4-5-20250929",
                        "service_tier": "standard",
                        "context_window": "0-200k",
                    }
                ],
            }
        ],
        "has_more": False,
        "next_page": None,
    }
)
ANTHROPIC_COSTS = msgspec.json.encode(
    {
        "data": [
            {
                "starting_at": "2026-11-21T00:00:00Z",
                "ending_at": "2026-11-22T00:00:00Z",
                "results": [
                    {
                        "currency": "USD",
                        "amount": "123.78912",
                        "workspace_id": None,
                        "description": "Claude Sonnet 4.5 Usage - Input Tokens",
                        "cost_type": "tokens",
                        "context_window": "0-200k",
                        "model": "claude-sonnet-4-5-20250929",
                        "service_tier": "standard",
                        "token_type": "uncached_input_tokens",
                    }
                ],
            }
        ],
        "has_more": False,
        "next_page": None,
    }
)
ANTHROPIC_USAGE_CSV = """usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
2026-11-21,claude-sonnet-4-5-20250929,k,Default,standard,≤ 200k,100,20,3,4000,50,0,global,
""".encode()
ANTHROPIC_COSTS_CSV = """usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed
2026-11-21,Claude Sonnet 4.5,Default,k,message,≤ 200k,input_no_cache,1.50,1.50,token,global,
2026-11-21,Claude Sonnet 4.5,Default,k,message,≤ 200k,output,0.25,0.25,token,global,
""".encode()
