import type { AttackLab } from '../support/attack-lab.ts';
import {
  announce,
  exportPath,
  openCall,
  openSession,
  type Signal,
} from '../support/hostile-clients.ts';

const patienceMs = 20_000;

export interface Body {
  signal: Signal;
  bytes: Uint8Array<ArrayBuffer>;
  encoding?: 'identity' | 'gzip' | 'zstd' | 'deflate';
  type?: 'application/x-protobuf' | 'application/json';
}

/** As the hostile tenant, over HTTP. Gives back the status. */
export async function post(lab: AttackLab, body: Body): Promise<number> {
  const { signal, bytes, encoding = 'identity', type = 'application/x-protobuf' } = body;
  const response = await fetch(`${lab.addresses.otlpHttp}/v1/${signal}`, {
    method: 'POST',
    headers: {
      'content-type': type,
      'content-encoding': encoding,
      authorization: `Bearer ${lab.evilKey}`,
    },
    body: bytes,
    signal: AbortSignal.timeout(patienceMs),
  });
  await response.arrayBuffer();
  return response.status;
}

/** The same over gRPC, on a connection of its own; only protobuf, as it is or by gzip. */
export async function call(lab: AttackLab, { signal, bytes, encoding }: Body): Promise<void> {
  const session = openSession(lab);
  try {
    await new Promise<void>((resolve) => {
      session.setTimeout(patienceMs, resolve);
      session.once('close', resolve);
      const more = encoding === 'gzip' ? { 'grpc-encoding': 'gzip' } : {};
      const stream = openCall(lab, session, exportPath(signal), more);
      stream.once('close', resolve);
      const prefix = announce(bytes.length);
      if (encoding === 'gzip') prefix[0] = 1;
      stream.end(Buffer.concat([prefix, bytes]));
    });
  } finally {
    session.destroy();
  }
}
