import { mutateBytes } from './bytes.ts';
import type { Mutation } from './mutation.ts';

const lines = [
  'content-length: 5',
  'content-length: 99999999999999999999',
  'content-length: -1',
  'content-length: 0x10',
  'transfer-encoding: chunked',
  'transfer-encoding: gzip, chunked',
  'transfer-encoding: identity',
  'transfer-encoding:\tchunked',
  'expect: 100-continue',
  'expect: something',
  'connection: close',
  'connection: upgrade',
  'upgrade: websocket',
  'upgrade: h2c',
  'host: evil',
  'host:',
  ' folded: header',
  ': no name',
  'x'.repeat(9_000),
  `x: ${'y'.repeat(17_000)}`,
  'content-type: application/json; charset=utf-16',
  'content-type:',
  'content-encoding: gzip, gzip',
  'origin: https://example.com',
  'authorization: Basic x',
  'authorization: Bearer',
  'x: \0',
  'x: \xff',
  'traceparent: zz',
  'trailer: x',
];
const starts = [
  'POST http://a/v1/logs HTTP/1.1',
  'POST //v1/logs HTTP/1.1',
  'POST /v1/logs?x=%00 HTTP/1.1',
  'POST /v1/logs HTTP/1.0',
  'POST /v1/logs HTTP/2.0',
  'POST /v1/logs',
  'CONNECT a:80 HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'TRACE / HTTP/1.1',
  'HEAD /v1/logs HTTP/1.1',
  'PRI * HTTP/2.0',
  'POST /v1/../v1/logs HTTP/1.1',
  'POST \\v1 HTTP/1.1',
  `POST /${'a'.repeat(9_000)} HTTP/1.1`,
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
];

/** Changes lines of requests, where they end, and how bodies are framed. */
export function mutateHttp(input: Uint8Array, mutation: Mutation): Uint8Array {
  const { random, other, bytesMax } = mutation;
  const text = Buffer.from(input).toString('latin1');
  const rows = text.split('\r\n');
  const at = random.below(rows.length);
  switch (random.below(9)) {
    case 0:
      rows.splice(at, 0, random.pick(lines));
      break;
    case 1:
      rows.splice(at, 1);
      break;
    case 2:
      rows.splice(random.below(rows.length), 0, rows[at] as string);
      break;
    case 3:
      rows[0] = random.pick(starts);
      break;
    case 4:
      return Buffer.from(rows.join(random.pick(['\n', '\r', '\r\n\r\n', '\r\r\n'])), 'latin1');
    case 5: {
      // Several requests on one connection.
      const more = Buffer.from(other()).toString('latin1');
      return Buffer.from(text + more, 'latin1').subarray(0, bytesMax);
    }
    case 6:
      rows[at] = (rows[at] as string).replace(/:.*$/, (value) => `${value}, ${random.pick(lines)}`);
      break;
    case 7:
      rows[at] = random.pick([
        '0',
        'ffffffff',
        '-1',
        '5;ext=1',
        '5\t',
        '00000000000000005',
        'g',
        '',
      ]);
      break;
    default:
      return mutateBytes(input, mutation);
  }
  return Buffer.from(rows.join('\r\n'), 'latin1').subarray(0, bytesMax);
}
