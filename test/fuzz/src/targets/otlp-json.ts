import {
  decode,
  jsonToProtobuf,
  OtlpError,
  protobufToJson,
  type Signal,
  signals,
} from '@spillway/otlp';
import { behindFirst } from '../mutate/behind-first.ts';
import { mutateJson } from '../mutate/json.ts';
import { jsonSeeds, withSignal } from '../seeds/seeds.ts';
import { demand, type Target } from '../target.ts';

/** First byte: the signal. The rest: a request in JSON, transcoded, decoded and written again. */
export const otlpJson: Target = {
  name: 'otlp-json',
  seeds: withSignal(jsonSeeds),
  mutators: [behindFirst(mutateJson)],
  dictionary: ['null', '\\u0000', '1e400', '"', '{', ']', '\\ud800', 'resourceSpans', 'intValue'],
  bytesMax: 96 * 1024,
  run(input) {
    const signal = signals[(input[0] ?? 0) % 3] as Signal;
    const json = Uint8Array.from(input.subarray(1));
    let body: Uint8Array;
    try {
      body = jsonToProtobuf(signal, json);
    } catch (error) {
      if (!(error instanceof OtlpError)) throw error;
      return 'refused';
    }
    demand(isJson(json), 'what is taken is JSON to its last byte');
    const { records, broken } = decode(signal, body, { tenant: 't' });
    if (broken.length > 0) return 'taken, with broken records';
    const again = jsonToProtobuf(signal, Buffer.from(protobufToJson(signal, body)));
    const { length } = decode(signal, again, { tenant: 't' }).records;
    demand(length === records.length, 'written as JSON and read again, there are as many records');
    return length > 0 ? 'taken' : 'taken, empty';
  },
};

function isJson(bytes: Uint8Array): boolean {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
