// The official Anthropic SDK for JavaScript, unmodified, against every kind of upstream.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { hello, key, ledger, ofAnthropic, pixel, schema, upstreams, url } from './gateway.mjs';

const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
const tools = ['weather', 'forecast'].map((name) => ({ name, description: 'Looks.', input_schema: schema }));
const textOf = (message) =>
  message.content
    .filter((block) => block.type === 'text')
    .map((block) => block.text)
    .join('');

for (const upstream of upstreams) {
  const model = (name) => `${upstream}/${name}`;

  test(`${upstream}: a plain answer, and the same in a stream`, async () => {
    const asked = { model: model('sim-chat'), max_tokens: 1000, messages: hello };
    const { data: whole, request_id } = await client.messages.create(asked).withResponse();
    const kinds = [];
    let said = '';
    for await (const event of await client.messages.create({ ...asked, stream: true })) {
      kinds.push(event.type);
      if (event.type === 'content_block_delta') said += event.delta.text;
    }

    assert.equal(whole.stop_reason, 'end_turn');
    assert.equal(said, textOf(whole));
    assert.deepEqual([kinds[0], kinds.at(-1)], ['message_start', 'message_stop']);
    assert.deepEqual(await ledger(request_id), ofAnthropic(whole.usage));
  });

  test(`${upstream}: the stream helper accumulates`, async () => {
    const stream = client.messages.stream({ model: model('sim-chat'), max_tokens: 1000, messages: hello });
    const pieces = [];
    stream.on('text', (piece) => pieces.push(piece));
    const final = await stream.finalMessage();

    assert.ok(pieces.length > 5);
    assert.equal(pieces.join(''), textOf(final));
    assert.deepEqual(await ledger(stream.request_id), ofAnthropic(final.usage));
  });

  for (const stream of [false, true]) {
    test(`${upstream}: a tool loop with a picture${stream ? ', streamed' : ''}`, async () => {
      const asked = { model: model('sim-tools@calls=2'), max_tokens: 1000, tools };
      const first = stream
        ? await client.messages.stream({ ...asked, messages: hello }).finalMessage()
        : await client.messages.create({ ...asked, messages: hello });
      const calls = first.content.filter((block) => block.type === 'tool_use');
      const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } };
      const contents = ['rain', [{ type: 'text', text: 'a map' }, image]];
      const results = calls.map((call, at) => ({
        type: 'tool_result',
        tool_use_id: call.id,
        content: contents[at],
      }));
      const messages = [...hello, { role: 'assistant', content: first.content }, { role: 'user', content: results }];
      const second = await client.messages.create({ ...asked, messages });
      const seen = await client.messages.create({ ...asked, model: model('sim-vision'), messages });

      assert.equal(first.stop_reason, 'tool_use');
      assert.deepEqual(
        calls.map((call) => call.name),
        ['weather', 'forecast'],
      );
      for (const call of calls) assert.ok(call.input.city);
      assert.match(textOf(second), /^The tools answered: rain \| .*a map/);
      assert.equal(textOf(seen), 'I see 1 image: image/png');
    });
  }

  test(`${upstream}: thinking comes back with its signature`, async () => {
    const asked = {
      model: model('sim-reason'),
      max_tokens: 4000,
      thinking: { type: 'enabled', budget_tokens: 2000 },
    };
    const first = await client.messages.stream({ ...asked, messages: hello }).finalMessage();
    const second = await client.messages.create({
      ...asked,
      messages: [...hello, { role: 'assistant', content: first.content }, { role: 'user', content: 'Go on.' }],
    });

    assert.deepEqual(
      first.content.map((block) => block.type),
      // Gemini's proof of both comes behind them.
      upstream === 'far-gemini' ? ['thinking', 'text', 'redacted_thinking'] : ['thinking', 'text'],
    );
    assert.ok(textOf(second));
  });

  test(`${upstream}: structured output and limits`, async () => {
    const parsed = await client.messages.create({
      model: model('sim-json'),
      max_tokens: 1000,
      messages: hello,
      output_config: { format: { type: 'json_schema', schema } },
    });
    // OpenAI's Responses API takes no limit below 16.
    const short = await client.messages.create({ model: model('sim-chat'), max_tokens: 16, messages: hello });

    assert.ok(JSON.parse(textOf(parsed)).city);
    assert.deepEqual([short.stop_reason, short.usage.output_tokens], ['max_tokens', 16]);
  });

  test(`${upstream}: counting tokens`, async () => {
    const few = await client.messages.countTokens({ model: model('sim-chat'), messages: hello });
    const more = await client.messages.countTokens({ model: model('sim-chat'), messages: hello, system: 'Be brief.' });

    assert.ok(few.input_tokens > 0 && few.input_tokens < more.input_tokens);
  });

  test(`${upstream}: errors`, async () => {
    const ask = (name) => client.messages.create({ model: model(name), max_tokens: 9, messages: hello });

    await assert.rejects(ask('sim-nothing'), (error) => {
      assert.ok(error instanceof Anthropic.NotFoundError);
      assert.equal(error.error.error.type, 'not_found_error');
      assert.match(error.requestID, /^req_/);
      return true;
    });
    await assert.rejects(ask('sim-chat@fault=u10:retry_after=40,tag=jsa'), Anthropic.RateLimitError);
    await assert.rejects(ask('sim-chat@fault=u12'), Anthropic.BadRequestError);
    await assert.rejects(ask('sim-chat@status=529,tag=jsa'), (error) => error.status === 529);
  });

  test(`${upstream}: a stream that breaks is an error, never an end`, async () => {
    const stream = client.messages.stream({
      model: model('sim-chat@fault=u5:after=3,tag=jsa'),
      max_tokens: 1000,
      messages: hello,
    });
    await assert.rejects(stream.finalMessage(), Anthropic.APIError);
  });
}

test('models, page by page, with a slash in the name', async () => {
  const names = [];
  for await (const model of client.models.list({ limit: 3 })) names.push(model.id);
  const one = await client.models.retrieve('team/fast');

  assert.deepEqual(names.slice(0, 2), ['fast', 'team/fast']);
  assert.ok(names.length > 10);
  assert.equal(one.id, 'team/fast');
});

test('a wrong key', async () => {
  const stranger = new Anthropic({ baseURL: url, apiKey: 'sk-nothing', maxRetries: 0 });
  await assert.rejects(stranger.models.list(), Anthropic.AuthenticationError);
});
