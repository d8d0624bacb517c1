import type { ServerHttp2Stream } from 'node:http2';
import { Refusal } from '../../model/refusal.ts';
import { guarded, type ReceiverContext } from '../receiver.ts';
import { sendMessage, sendRefusal } from './grpc-answer.ts';
import { frame, UnaryReader } from './grpc-message.ts';

export const healthPath = '/grpc.health.v1.Health/Check';

const requestBytesMax = 1024;
const timeoutMs = 5000;
const serving = frame(Uint8Array.of(0x08, 1));
const notServing = frame(Uint8Array.of(0x08, 2));

export interface HealthOptions {
  context: Pick<ReceiverContext, 'onInternalError'>;
  /** Those that can be asked for. */
  services: ReadonlySet<string>;
  ready: () => boolean;
}

/**
 * Answers the standard health check: of the server as a whole, or of one of the three services.
 * Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function answerHealth(
  stream: ServerHttp2Stream,
  { context, services, ready }: HealthOptions,
): void {
  const reader = new UnaryReader();
  let message = Buffer.alloc(0);
  const timer = setTimeout(() => stream.destroy(), timeoutMs);
  const step = <Args extends unknown[]>(handler: (...args: Args) => void) =>
    guarded(context, { where: 'gRPC health check', end: () => stream.destroy() }, handler);
  stream.once('close', () => clearTimeout(timer));
  stream.on(
    'data',
    step((chunk: Buffer) => {
      const part = reader.push(chunk);
      const fits = part && (reader.prefix?.bytes ?? 0) <= requestBytesMax;
      if (fits) message = Buffer.concat([message, part]);
      else stream.destroy();
    }),
  );
  stream.once(
    'end',
    step(() => {
      if (!reader.complete || reader.prefix?.compressed) {
        sendRefusal(stream, new Refusal('malformed', 'not a HealthCheckRequest'));
        return;
      }
      const service = serviceOf(message);
      if (service === '' || services.has(service)) {
        sendMessage(stream, ready() ? serving : notServing);
      } else sendRefusal(stream, new Refusal('unknown-service', `there is no service ${service}`));
    }),
  );
}

/** `HealthCheckRequest.service`, field 1; its only field. */
function serviceOf(message: Buffer): string {
  if (message.length < 2 || message[0] !== 0x0a) return '';
  return message.subarray(2, 2 + (message[1] as number)).toString();
}
