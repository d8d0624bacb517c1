import type { ServerHttp2Stream } from 'node:http2';
import { sendMessage, sendRefusal } from './grpc-answer.ts';
import { frame, UnaryReader } from './grpc-message.ts';
import { Refusal } from './refusal.ts';

export const healthPath = '/grpc.health.v1.Health/Check';

const requestBytesMax = 1024;
const timeoutMs = 5000;
const serving = frame(Uint8Array.of(0x08, 1));
const notServing = frame(Uint8Array.of(0x08, 2));

/**
 * The standard health check: of the server as a whole, or of one of the three services.
 * Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function answerHealth(
  stream: ServerHttp2Stream,
  options: { services: ReadonlySet<string>; ready: () => boolean },
): void {
  const reader = new UnaryReader();
  const timer = setTimeout(() => stream.destroy(), timeoutMs);
  stream.once('close', () => clearTimeout(timer));
  stream.on('data', (chunk: Buffer) => {
    const fits = reader.push(chunk) && (reader.prefix?.bytes ?? 0) <= requestBytesMax;
    if (!fits) stream.destroy();
  });
  stream.once('end', () => {
    if (!reader.complete || reader.prefix?.compressed) {
      sendRefusal(stream, new Refusal('malformed', 'not a HealthCheckRequest'));
      return;
    }
    const service = serviceOf(Buffer.concat(reader.chunks));
    if (service === '' || options.services.has(service)) {
      sendMessage(stream, options.ready() ? serving : notServing);
    } else sendRefusal(stream, new Refusal('unknown-service', `no service ${service} here`));
  });
}

/** `HealthCheckRequest.service`, field 1; its only field. */
function serviceOf(message: Buffer): string {
  if (message.length < 2 || message[0] !== 0x0a) return '';
  return message.subarray(2, 2 + (message[1] as number)).toString();
}
