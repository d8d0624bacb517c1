/** HTTP/2 by hand, for frames that no client sends. Source: RFC 9113, section 4; RFC 7541, section 6.2.2. */
import { announce, exportPath, type Signal } from './hostile-clients.ts';

const types = { data: 0, headers: 1, settings: 4 } as const;
const endHeaders = 4;

/** What a client begins a connection with. */
export const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame('settings', 0, Buffer.alloc(0)),
]);

/** The head of an export call. */
export function exportHead(
  stream: number,
  { signal, key }: { signal: Signal; key: string },
): Buffer {
  const headers = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': exportPath(signal),
    ':authority': 'x',
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: `Bearer ${key}`,
  };
  const block = Object.entries(headers).map(([name, value]) => literal(name, value));
  return frame('headers', stream, Buffer.concat(block), endHeaders);
}

/** The begin of a large message, in frames of one byte. */
export function crumbs(stream: number, count: number): Buffer {
  const crumb = frame('data', stream, Buffer.from('x'));
  return Buffer.concat([frame('data', stream, announce(65_535)), ...Array(count).fill(crumb)]);
}

function frame(type: keyof typeof types, stream: number, payload: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = types[type];
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header that no table holds; both parts shorter than 127 bytes. */
function literal(name: string, value: string): Buffer {
  const parts = [Buffer.from([0, name.length]), Buffer.from(name)];
  return Buffer.concat([...parts, Buffer.from([value.length]), Buffer.from(value)]);
}
