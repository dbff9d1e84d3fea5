"""Models that only their provider knows: listed, routed to, and found when they come later."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import openai
import pytest
from msgspec import json

from tests.integration.program import PATIENCE, Gateway, pause, serving

CONFIG = """
[providers.box]
dialect = "openai-chat"
base_url = "http://127.0.0.1:{port}/v1"
api_key = "sk-box"

[providers.dead]
dialect = "openai-chat"
base_url = "http://127.0.0.1:9/v1"

[models.mine]
targets = ["box/first"]

[routing]
models_refresh = 0.2
"""
HELLO = [{"role": "user", "content": "Say hello."}]


class Box:
    """A server of models as people run them at home: more can be pulled while it runs."""

    def __init__(self) -> None:
        self.models = ["first", "house/llama"]
        self.broken = False
        self.keys = set[str]()


def handler(box: Box) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            box.keys.add(self.headers["authorization"])
            body = {"object": "list", "data": [{"id": name} for name in box.models]}
            self._say(500 if box.broken else 200, {} if box.broken else body)

        def do_POST(self) -> None:
            asked = json.decode(self.rfile.read(int(self.headers["content-length"])))
            message = {"role": "assistant", "content": f"I am {asked['model']}."}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
            head = {"id": "c", "object": "chat.completion", "created": 1, "model": asked["model"]}
            self._say(200, {**head, "choices": [choice], "usage": usage})

        def _say(self, status: int, body: object) -> None:
            data = json.encode(body)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nowhere."""

    return Handler


@contextmanager
def listening(box: Box) -> Generator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(box)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def wait_for(gateway: Gateway, names: list[str]) -> None:
    """Until the list is this."""
    listed: list[str] = []
    for _ in range(int(PATIENCE * 100)):
        listed = [model["id"] for model in gateway.get("/v1/models").json()["data"]]
        if listed == names:
            return
        pause()
    raise AssertionError(f"{listed} and not {names}:\n{gateway.log}")


def test_what_a_provider_lists_can_be_asked_for(tmp_path: Path) -> None:
    """Also what came later; a provider that fails takes nothing away and delays nothing."""
    box = Box()
    with listening(box) as port, serving(tmp_path, CONFIG.format(port=port)) as gateway:
        wait_for(gateway, ["mine", "first", "house/llama"])
        with openai.OpenAI(
            base_url=f"{gateway.base}/v1", api_key=gateway.key, max_retries=0
        ) as gpt:
            for name in ("first", "house/llama", "box/house/llama"):
                answer = gpt.chat.completions.create(model=name, messages=HELLO)
                said = name.removeprefix("box/")
                assert f"I am {said}." == answer.choices[0].message.content
                assert name == gpt.models.retrieve(name).id
            with pytest.raises(openai.NotFoundError):
                gpt.chat.completions.create(model="pulled", messages=HELLO)
            box.models.append("pulled")
            wait_for(gateway, ["mine", "first", "house/llama", "pulled"])
            answer = gpt.chat.completions.create(model="pulled", messages=HELLO)
            assert "I am pulled." == answer.choices[0].message.content
            box.broken = True
            gateway.wait_for("the models of 'box' cannot be listed", log=True)
            wait_for(gateway, ["mine", "first", "house/llama", "pulled"])

        assert {"Bearer sk-box"} == box.keys
        assert "sk-box" not in gateway.log
        assert 1 == gateway.log.count("the models of 'dead' cannot be listed")
