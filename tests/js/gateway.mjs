// What the tests of both SDKs share: where the gateway is, and what its ledger says.
export const { GATEWAY_URL: url, GATEWAY_KEY: key, GATEWAY_UPSTREAMS } = process.env;
export const upstreams = (GATEWAY_UPSTREAMS ?? '').split(',');
export const hello = [{ role: 'user', content: 'Say hello.' }];
export const pixel = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(40)]).toString('base64');
export const schema = {
  type: 'object',
  properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['celsius', 'fahrenheit'] } },
  required: ['city', 'unit'],
  additionalProperties: false,
};

export function speaksClaude(upstream) {
  return upstream.endsWith('claude');
}

// The ledger's totals of a request: input with what came from a cache, output with reasoning.
export async function ledger(id) {
  const answer = await fetch(`${url}/v1/requests/${id}`, { headers: { authorization: `Bearer ${key}` } });
  if (answer.status !== 200) throw new Error(`no entry for ${id}: ${await answer.text()}`);
  const entry = await answer.json();
  const { input, cache_read, cache_write, output, reasoning } = entry.tokens;
  return { status: entry.status, input: input + cache_read + cache_write, output: output + reasoning };
}

export function ofOpenAI(usage) {
  return { status: 'ok', input: usage.prompt_tokens, output: usage.completion_tokens };
}

export function ofAnthropic(usage) {
  const cached = (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
  return { status: 'ok', input: usage.input_tokens + cached, output: usage.output_tokens };
}
