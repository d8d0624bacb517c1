import { announce, exportPath, openCall, openSession, type Signal } from './hostile-clients.ts';
import type { Target } from './target.ts';

const patienceMs = 20_000;

export interface Body {
  signal: Signal;
  bytes: Uint8Array<ArrayBuffer>;
  encoding?: 'identity' | 'gzip' | 'zstd' | 'deflate';
  type?: 'application/x-protobuf' | 'application/json';
}

/** As the hostile tenant, over HTTP. Gives back the status. */
export async function post({ addresses, evilKey }: Target, body: Body): Promise<number> {
  const { signal, bytes, encoding = 'identity', type = 'application/x-protobuf' } = body;
  const response = await fetch(`${addresses.otlpHttp}/v1/${signal}`, {
    method: 'POST',
    headers: {
      'content-type': type,
      'content-encoding': encoding,
      authorization: `Bearer ${evilKey}`,
    },
    body: bytes,
    signal: AbortSignal.timeout(patienceMs),
  });
  await response.arrayBuffer();
  return response.status;
}

/**
 * The same over gRPC, on a connection of its own; only protobuf, as it is or by gzip. NaN where the call
 * ended without a status.
 */
export async function call(target: Target, { signal, bytes, encoding }: Body): Promise<number> {
  const session = openSession(target);
  try {
    return await new Promise<number>((resolve) => {
      const ended = (): void => resolve(Number.NaN);
      session.setTimeout(patienceMs, ended);
      session.once('close', ended);
      const more = encoding === 'gzip' ? { 'grpc-encoding': 'gzip' } : {};
      const stream = openCall(target, session, exportPath(signal), more);
      // In the head of an answer that is nothing else, or behind its message.
      for (const event of ['response', 'trailers'] as const) {
        stream.once(event, ({ 'grpc-status': status }) => {
          if (status !== undefined) resolve(Number(status));
        });
      }
      stream.once('close', ended);
      const prefix = announce(bytes.length);
      if (encoding === 'gzip') prefix[0] = 1;
      stream.end(Buffer.concat([prefix, bytes]));
    });
  } finally {
    session.destroy();
  }
}
