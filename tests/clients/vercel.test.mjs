// Vercel's AI SDK with its providers of OpenAI (both APIs), of Anthropic and of whoever is like OpenAI.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, Output, embed, embedMany, generateText, isStepCount, streamText, tool } from 'ai';
import { z } from 'zod';
import { Weather, key, pixel, upstreams, url } from './gateway.mjs';

globalThis.AI_SDK_LOG_WARNINGS = false; // of models whose names it does not know
const prompt = 'Say hello.';
const made = (apiKey) => {
  const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey });
  const compatible = createOpenAICompatible({
    name: 'trunkline',
    baseURL: `${url}/v1`,
    apiKey,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  return {
    'openai.chat': (name) => openai.chat(name),
    'openai.responses': (name) => openai.responses(name),
    'openai.responses.stored': (name) => openai.responses(name),
    anthropic: createAnthropic({ baseURL: `${url}/v1`, apiKey }),
    'openai-compatible': (name) => compatible(name),
  };
};
// What asks for reasoning; OpenAI's Chat Completions tell none, so its provider looks for none.
const thought = { reasoningEffort: 'low', reasoningSummary: 'auto', forceReasoning: true };
const thinking = {
  'openai.responses': { openai: { store: false, ...thought } },
  'openai.responses.stored': { openai: thought },
  anthropic: { anthropic: { thinking: { type: 'enabled', budgetTokens: 2000 } } },
  'openai-compatible': { trunkline: { reasoningEffort: 'low' } },
};
// By default it stores, and then a second turn names the items of the first by their ids alone.
const plain = { 'openai.responses': { openai: { store: false } } };
const look = tool({
  description: 'Look how the weather is.',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `fine in ${Boolean(city)}`,
});

async function drained(model, more) {
  const errors = [];
  const result = streamText({ model, prompt, maxRetries: 0, onError: ({ error }) => errors.push(error), ...more });
  const pieces = [];
  try {
    for await (const piece of result.textStream) pieces.push(piece);
  } catch (error) {
    errors.push(error);
  }
  return { result, pieces, errors };
}

test('embeddings, several at once as each alone', async () => {
  const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey: key });
  const compatible = createOpenAICompatible({ name: 'trunkline', baseURL: `${url}/v1`, apiKey: key });
  for (const provider of [openai, compatible]) {
    const model = provider.embeddingModel(`${upstreams[0]}/sim-embed`);
    const { embeddings, usage } = await embedMany({ model, values: ['one', 'two'], maxRetries: 0 });
    const { embedding } = await embed({ model, value: 'two', maxRetries: 0 });

    assert.deepEqual(embeddings.map((vector) => vector.length), [256, 256]);
    assert.ok(usage.tokens > 0);
    embedding.forEach((number, at) => assert.ok(Math.abs(number - embeddings[1][at]) < 1e-6));
  }
});

for (const [name, of] of Object.entries(made(key))) {
  for (const upstream of upstreams) {
    const model = (sim) => of(`${upstream}/${sim}`);
    const ask = (sim, more) => generateText({ model: model(sim), prompt, maxRetries: 0, providerOptions: plain[name], ...more });

    test(`${name} over ${upstream}: a plain answer, and the same in a stream`, async () => {
      const whole = await ask('sim-chat');
      const { result, pieces, errors } = await drained(model('sim-chat'));

      assert.deepEqual(errors, []);
      assert.equal(whole.finishReason, 'stop');
      assert.equal(await result.finishReason, 'stop');
      assert.ok(pieces.length > 5);
      assert.equal(pieces.join(''), whole.text);
      const usage = await result.usage;
      assert.ok(whole.usage.inputTokens > 0 && whole.usage.outputTokens > 0);
      assert.equal(usage.inputTokens, whole.usage.inputTokens);
      assert.equal(usage.outputTokens, whole.usage.outputTokens);
    });

    for (const streamed of [false, true]) {
      test(`${name} over ${upstream}: a tool loop${streamed ? ', streamed' : ''}`, async () => {
        const more = { tools: { look }, stopWhen: isStepCount(3), providerOptions: plain[name] };
        const sim = 'sim-tools@calls=2,preamble';
        const result = streamed ? (await drained(model(sim), more)).result : await ask(sim, more);
        const steps = await result.steps;

        assert.deepEqual(
          steps.map((step) => [step.finishReason, step.toolCalls.length]),
          [['tool-calls', 2], ['stop', 0]],
        );
        assert.match(await result.text, /^The tools answered: .*fine in true.*fine in true/);
      });
    }

    test(`${name} over ${upstream}: structured output, whole and streamed`, async () => {
      const more = { output: Output.object({ schema: Weather }) };
      const { output } = await ask('sim-json', more);
      const { result, errors } = await drained(model('sim-json'), more);

      assert.deepEqual(errors, []);
      assert.ok(Weather.safeParse(output).success);
      assert.ok(Weather.safeParse(await result.output).success);
    });

    test(`${name} over ${upstream}: an image`, async () => {
      const content = [
        { type: 'text', text: 'What is this?' },
        { type: 'file', data: pixel, mediaType: 'image/png' },
      ];
      const { text } = await ask('sim-vision', { prompt: undefined, messages: [{ role: 'user', content }] });

      assert.equal(text, 'I see 1 image: image/png');
    });

    test(`${name} over ${upstream}: reasoning, and again with it in the history`, async () => {
      const more = { providerOptions: thinking[name], maxOutputTokens: 8000 };
      const { result, errors } = await drained(model('sim-reason'), more);
      const { messages } = await result.response;
      const again = await ask('sim-reason', {
        ...more,
        prompt: undefined,
        messages: [{ role: 'user', content: prompt }, ...messages, { role: 'user', content: 'Go on.' }],
      });

      assert.deepEqual(errors, []);
      assert.ok(again.text);
      // OpenAI shows reasoning only to those who ask for its summary, which Chat Completions cannot.
      const blind = name === 'openai.chat' || (name === 'openai-compatible' && upstream === 'openai-responses');
      assert.equal(Boolean(await result.reasoningText), !blind);
    });

    test(`${name} over ${upstream}: errors`, async () => {
      const tag = `tag=${name.replace('.', '-')}`;
      const rejected = async (sim, statuses, more) => {
        await assert.rejects(ask(sim, more), (error) => {
          assert.ok(APICallError.isInstance(error), error);
          assert.ok(statuses.includes(error.statusCode), `${sim}: ${error.statusCode}`);
          assert.ok(error.message);
          return true;
        });
      };

      await rejected('sim-nothing', [404]);
      await rejected('sim-chat@fault=u12', [400]);
      await rejected(`sim-chat@fault=u10:retry_after=40,${tag}`, [429]);
      await rejected(`sim-chat@status=529,${tag}`, [name === 'anthropic' ? 529 : 503]);
    });

    test(`${name} over ${upstream}: a stream that breaks is an error, never an end`, async () => {
      const { pieces, errors, result } = await drained(model('sim-chat@fault=u5:after=3,rate=100,tag=js'));

      assert.equal(pieces.join('').length > 0, true);
      assert.ok(errors.length > 0);
      assert.notEqual(await result.finishReason.then((x) => x, () => 'error'), 'stop');
    });
  }

  test(`${name}: a wrong key, and a model of nobody's`, async () => {
    const refused = (model, status) =>
      assert.rejects(generateText({ model, prompt, maxRetries: 0 }), (error) => {
        assert.ok(APICallError.isInstance(error), error);
        return error.statusCode === status;
      });

    await refused(made('sk-nothing')[name](`${upstreams[0]}/sim-chat`), 401);
    await refused(of('nobody/sim-chat'), 404);
  });
}
