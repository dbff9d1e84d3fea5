// What the tests of all frameworks share: the upstreams, the tool, and what a Weather is.
import { z } from 'zod';

export const { GATEWAY_URL: url, GATEWAY_KEY: key, GATEWAY_UPSTREAMS } = process.env;
export const upstreams = (GATEWAY_UPSTREAMS ?? '').split(',');
export const pixel = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(40)]);
export const Weather = z.object({ city: z.string(), degrees: z.number().int(), sunny: z.boolean() });
