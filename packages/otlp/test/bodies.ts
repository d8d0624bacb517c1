import type { Signal } from '@spillway/otlp';
import fc from 'fast-check';
import { requestArbitrary } from './arbitrary.ts';
import { looseEncode } from './loose-encode.ts';
import { requestType } from './official.ts';

/** Bodies of requests in any encoding that protobuf allows, some with every record twice. */
export function bodyArbitrary(signal: Signal): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(requestArbitrary(signal), fc.nat(), fc.boolean())
    .map(([request, seed, twice]) => {
      const body = looseEncode(requestType[signal], request, seed);
      return twice ? Buffer.concat([body, body]) : body;
    });
}
