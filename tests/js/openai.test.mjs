// The official OpenAI SDK for JavaScript, unmodified, against every kind of upstream.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { hello, key, ledger, ofOpenAI, pixel, schema, speaksClaude, upstreams, url } from './gateway.mjs';

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const tools = ['weather', 'forecast'].map((name) => ({
  type: 'function',
  function: { name, description: 'Looks.', parameters: schema },
}));

for (const upstream of upstreams) {
  const model = (name) => `${upstream}/${name}`;

  test(`${upstream}: a plain answer, and the same in a stream`, async () => {
    const { data: whole, request_id } = await client.chat.completions
      .create({ model: model('sim-chat'), messages: hello })
      .withResponse();
    const stream = await client.chat.completions.create({
      model: model('sim-chat'),
      messages: hello,
      stream: true,
      stream_options: { include_usage: true },
    });
    let said = '';
    let last;
    for await (const chunk of stream) {
      said += chunk.choices[0]?.delta?.content ?? '';
      last = chunk;
    }

    assert.equal(whole.choices[0].finish_reason, 'stop');
    assert.equal(said, whole.choices[0].message.content);
    assert.deepEqual(last.usage, whole.usage);
    assert.deepEqual(await ledger(request_id), ofOpenAI(whole.usage));
  });

  test(`${upstream}: the stream helper accumulates`, async () => {
    const stream = client.chat.completions.stream({ model: model('sim-chat'), messages: hello });
    const pieces = [];
    stream.on('content', (piece) => pieces.push(piece));
    const final = await stream.finalChatCompletion();

    assert.ok(pieces.length > 5);
    assert.equal(pieces.join(''), final.choices[0].message.content);
  });

  for (const stream of [false, true]) {
    test(`${upstream}: a tool loop${stream ? ', streamed' : ''}`, async () => {
      const asked = { model: model('sim-tools@calls=2'), tools };
      const first = stream
        ? await client.chat.completions.stream({ ...asked, messages: hello }).finalChatCompletion()
        : await client.chat.completions.create({ ...asked, messages: hello });
      const { message, finish_reason } = first.choices[0];
      const results = message.tool_calls.map((call) => ({
        role: 'tool',
        tool_call_id: call.id,
        content: `${call.function.name}: fine`,
      }));
      const second = await client.chat.completions.create({
        ...asked,
        messages: [...hello, message, ...results],
      });

      assert.equal(finish_reason, 'tool_calls');
      assert.deepEqual(
        message.tool_calls.map((call) => call.function.name),
        ['weather', 'forecast'],
      );
      for (const call of message.tool_calls) assert.ok(JSON.parse(call.function.arguments).city);
      assert.equal(second.choices[0].message.content, 'The tools answered: weather: fine | forecast: fine');
    });
  }

  test(`${upstream}: images and structured output`, async () => {
    const seen = await client.chat.completions.create({
      model: model('sim-vision'),
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
            { type: 'image_url', image_url: { url: 'https://images.test/cat.jpg' } },
          ],
        },
      ],
    });
    const parsed = await client.chat.completions.parse({
      model: model('sim-json'),
      messages: hello,
      response_format: { type: 'json_schema', json_schema: { name: 'weather', strict: true, schema } },
    });

    assert.equal(seen.choices[0].message.content, 'I see 2 images: image/png, https://images.test/cat.jpg');
    assert.ok(JSON.parse(parsed.choices[0].message.content).city);
  });

  test(`${upstream}: a legacy completion, and the same in a stream`, async () => {
    // OpenAI's Responses API takes no limit below 16.
    const asked = { model: model('sim-chat'), prompt: 'Say hello.', max_tokens: 16 };
    const whole = await client.completions.create(asked);
    let said = '';
    for await (const chunk of await client.completions.create({ ...asked, stream: true })) {
      said += chunk.choices[0]?.text ?? '';
    }

    assert.equal(whole.object, 'text_completion');
    assert.ok(said);
    assert.equal(said, whole.choices[0].text);
  });

  test(`${upstream}: errors`, async () => {
    const ask = (name, more) =>
      client.chat.completions.create({ model: model(name), messages: hello, ...more });

    await assert.rejects(ask('sim-nothing'), (error) => {
      assert.ok(error instanceof OpenAI.NotFoundError);
      assert.equal(error.code, 'model_not_found');
      assert.match(error.requestID, /^req_/);
      return true;
    });
    await assert.rejects(ask('sim-chat@fault=u10:retry_after=40,tag=js'), OpenAI.RateLimitError);
    await assert.rejects(ask('sim-chat@fault=u12'), OpenAI.BadRequestError);
    await assert.rejects(ask('sim-chat@status=529,tag=js'), (error) => {
      assert.ok(error instanceof OpenAI.InternalServerError);
      return error.status === 503;
    });
  });

  test(`${upstream}: a stream that breaks is an error, never an end`, async () => {
    const stream = await client.chat.completions.create({
      model: model('sim-chat@fault=u5:after=3,tag=js'),
      messages: hello,
      stream: true,
    });
    let pieces = 0;
    await assert.rejects(async () => {
      for await (const chunk of stream) pieces += chunk.choices[0]?.delta?.content ? 1 : 0;
    }, OpenAI.APIError);
    assert.equal(pieces, 3);
  });

  test(`${upstream}: reasoning comes back with its proof`, async () => {
    const asked = { model: model('sim-reason'), reasoning_effort: 'low', max_completion_tokens: 40_000 };
    const first = await client.chat.completions.create({ ...asked, messages: hello });
    const { message } = first.choices[0];
    const second = await client.chat.completions.create({
      ...asked,
      messages: [...hello, message, { role: 'user', content: 'Go on.' }],
    });

    // A summary of it, which a Responses upstream gives only who asks for one.
    assert.equal(Boolean(message.reasoning_content), upstream !== 'far-responses');
    assert.equal('reasoning_details' in message, !['near', 'far'].includes(upstream));
    assert.ok(second.choices[0].message.content);
  });
}

test('models, with a slash in the name', async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  const one = await client.models.retrieve('team/fast');

  assert.deepEqual(names.slice(0, 2), ['fast', 'team/fast']);
  assert.equal(one.id, 'team/fast');
});

test('a stream that is left early', async () => {
  const { data: stream, request_id } = await client.chat.completions
    .create({ model: 'far/sim-chat@rate=100,tokens=1000,tag=js', messages: hello, stream: true })
    .withResponse();
  for await (const chunk of stream) if (chunk.choices[0]?.delta?.content) break;

  let entry = await ledger(request_id);
  for (let look = 0; look < 100 && entry.status === 'open'; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    entry = await ledger(request_id);
  }
  assert.equal(entry.status, 'cancelled');
  assert.ok(entry.output >= 1 && entry.output < 200);
});

test('a wrong key', async () => {
  const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'sk-nothing', maxRetries: 0 });
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
});
