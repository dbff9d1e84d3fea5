// Embeddings through the official OpenAI SDK for JavaScript, which asks for base64 unless told otherwise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { key, url } from './gateway.mjs';

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const near = (one, other) => one.every((value, at) => Math.abs(value - other[at]) < 1e-6);

for (const upstream of ['near', 'far']) {
  const model = `${upstream}/sim-embed`;

  test(`${upstream}: both forms are the same vectors, in order`, async () => {
    const input = ['hello', 'world'];
    const plain = await client.embeddings.create({ model, input });
    const listed = await client.embeddings.create({ model, input, encoding_format: 'float' });

    assert.deepEqual(plain.data.map((one) => one.embedding.length), [256, 256]);
    assert.ok(plain.data.every((one, at) => near(one.embedding, listed.data[at].embedding)));
    assert.deepEqual(plain.usage, listed.usage);
  });

  test(`${upstream}: base64 as it stands`, async () => {
    const { data } = await client.embeddings.create({ model, input: 'hello', encoding_format: 'base64' });
    assert.equal(Buffer.from(data[0].embedding, 'base64').length, 4 * 256);
  });

  test(`${upstream}: an empty input`, async () => {
    await assert.rejects(client.embeddings.create({ model, input: '' }), OpenAI.BadRequestError);
  });
}
