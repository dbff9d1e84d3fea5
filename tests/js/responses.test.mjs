// The official OpenAI SDK for JavaScript, its Responses client, against every kind of upstream.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { key, pixel, schema, upstreams, url } from './gateway.mjs';

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const input = 'Say hello.';
const tools = ['weather', 'forecast'].map((name) => ({
  type: 'function',
  name,
  description: 'Looks.',
  parameters: schema,
  strict: false,
}));

for (const upstream of upstreams) {
  const model = (name) => `${upstream}/${name}`;

  test(`${upstream}: a plain answer, and the same in a stream`, async () => {
    const asked = { model: model('sim-chat'), input, store: false };
    const whole = await client.responses.create(asked);
    let said = '';
    let last;
    let number = 0;
    for await (const event of await client.responses.create({ ...asked, stream: true })) {
      assert.equal(event.sequence_number, number++);
      if (event.type === 'response.output_text.delta') said += event.delta;
      last = event;
    }

    assert.equal(whole.status, 'completed');
    assert.equal(last.type, 'response.completed');
    assert.equal(said, whole.output_text);
    assert.deepEqual(last.response.usage, whole.usage);
  });

  test(`${upstream}: the stream helper accumulates`, async () => {
    const stream = client.responses.stream({ model: model('sim-chat'), input, store: false });
    const pieces = [];
    stream.on('response.output_text.delta', (event) => pieces.push(event.delta));
    const final = await stream.finalResponse();

    assert.ok(pieces.length > 5);
    assert.equal(pieces.join(''), final.output_text);
  });

  for (const stream of [false, true]) {
    test(`${upstream}: a tool loop${stream ? ', streamed' : ''}`, async () => {
      const asked = { model: model('sim-tools@calls=2'), tools, store: false };
      const first = stream
        ? await client.responses.stream({ ...asked, input }).finalResponse()
        : await client.responses.create({ ...asked, input });
      const calls = first.output.filter((item) => item.type === 'function_call');
      const outputs = calls.map(({ call_id, name }) => ({
        type: 'function_call_output',
        call_id,
        output: `${name}: fine`,
      }));
      const second = await client.responses.create({
        ...asked,
        input: [{ role: 'user', content: input }, ...first.output, ...outputs],
      });

      assert.deepEqual(calls.map((call) => call.name), ['weather', 'forecast']);
      for (const call of calls) assert.ok(JSON.parse(call.arguments).city);
      assert.equal(second.output_text, 'The tools answered: weather: fine | forecast: fine');
    });
  }

  test(`${upstream}: images and structured output`, async () => {
    const seen = await client.responses.create({
      model: model('sim-vision'),
      store: false,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is this?' },
            { type: 'input_image', image_url: `data:image/png;base64,${pixel}`, detail: 'auto' },
          ],
        },
      ],
    });
    const format = { type: 'json_schema', name: 'weather', schema, strict: true };
    const parsed = await client.responses.create({
      model: model('sim-json'),
      input,
      text: { format },
      store: false,
    });

    assert.match(seen.output_text, /image\/png/);
    assert.ok(JSON.parse(parsed.output_text).city);
  });

  test(`${upstream}: reasoning comes back with its seal`, async () => {
    const asked = { model: model('sim-reason'), reasoning: { effort: 'low', summary: 'auto' }, store: false };
    const include = ['reasoning.encrypted_content'];
    const first = await client.responses.create({ ...asked, input, include });
    const second = await client.responses.create({
      ...asked,
      include,
      input: [{ role: 'user', content: input }, ...first.output, { role: 'user', content: 'Go on.' }],
    });

    assert.equal(first.output[0].type, 'reasoning');
    assert.ok(first.output[0].encrypted_content);
    assert.ok(second.output_text);
  });

  test(`${upstream}: a stream that breaks is an error, never an end`, async () => {
    const stream = await client.responses.create({
      model: model('sim-chat@fault=u5:after=5,rate=400'),
      input,
      stream: true,
      store: false,
    });
    const seen = [];
    await assert.rejects(async () => {
      for await (const event of stream) seen.push(event.type);
    }, OpenAI.APIError);
    assert.ok(!seen.includes('response.completed'));
  });
}
