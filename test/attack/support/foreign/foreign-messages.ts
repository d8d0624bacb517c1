/** What another program may write where consumers read, and what becomes of it. */
import { randomBytes } from 'node:crypto';
import { manyValues, nestedValue, textLog } from '../protobuf.ts';

export interface ForeignMessage {
  value: Buffer;
  key?: Buffer;
  headers?: readonly (readonly [string, string | Buffer])[];
}

const MiB = 1024 * 1024;
const monthMs = 30 * 86_400_000;

/** Each is a dead letter of every group, whole or of its one record. */
export const unreadable: readonly ForeignMessage[] = [
  { value: randomLike(1_000) },
  { value: randomLike(7 * MiB) },
  { value: randomLike(100), key: Buffer.alloc(3 * MiB, 0xff) },
  { value: randomLike(100), headers: [['spillway-tenant', randomLike(3 * MiB)]] },
  { value: nestedValue(50_000) },
  { value: manyValues(1_000_000) },
  { value: Buffer.from('{"resourceLogs":[]}'), headers: [['content-type', 'application/json']] },
];

/** Each is stored, strange as it is. */
export const strange: readonly ForeignMessage[] = [
  { value: Buffer.alloc(0) },
  { value: textLog('with a wrong type'), headers: [['content-type', 'image/png']] },
  ...['a\0b', '__proto__', '../..', '\ue000', ' ', 'x'.repeat(255)].map((tenant, i) => ({
    value: textLog('of a strange tenant'),
    headers: stamp({ tenant, gateway: 'g\0', sequence: i + 1 }),
  })),
  {
    value: textLog('with numbers beyond any'),
    headers: stamp({ tenant: 'big', gateway: 'big', sequence: Number.MAX_SAFE_INTEGER }),
  },
];

/** Each of another month, in the past and in the future. */
export function ofManyMonths(count: number): ForeignMessage[] {
  return Array.from({ length: count }, (_, i) => ({
    value: textLog('of another day'),
    headers: stamp({
      tenant: 'days',
      gateway: 'days',
      sequence: i + 1,
      receivedMs: Date.now() + (i - count / 2) * monthMs,
    }),
  }));
}

/** What comes before and behind: an ordinary message. */
export function neighbour(text: string): ForeignMessage {
  return { value: textLog(text) };
}

/** Where gateways note what they made durable: none of it is a note that a store could keep. */
export const notes: readonly ForeignMessage[] = [
  { value: randomLike(1_000) },
  { value: Buffer.from('{"messages":') },
  { value: Buffer.from(`[${'['.repeat(2 * MiB)}`) },
  { value: Buffer.from(`{"gateway":"x","messages":[${'{},'.repeat(MiB)}{}]}`) },
  ...[{ minute: 2 ** 40 }, { partition: 2 ** 40 }, { topic: 'a\0b' }, { tenant: '\ud800' }].map(
    (wrong, i) => ({ value: Buffer.from(JSON.stringify(noteWith(i, wrong))) }),
  ),
];

interface Stamp {
  tenant: string;
  gateway: string;
  sequence: number;
  receivedMs?: number;
}

/** The headers of a gateway. */
function stamp({ tenant, gateway, sequence, receivedMs = Date.now() }: Stamp) {
  return [
    ['spillway-tenant', tenant],
    ['spillway-seq', `${gateway}/1/${sequence}`],
    ['spillway-records', '1'],
    ['spillway-received-ms', String(receivedMs)],
  ] as const;
}

function noteWith(number: number, wrong: object) {
  const place = { topic: 'otlp_logs', partition: 0, sequence: 1 };
  const counts = { tenant: 'x', signal: 'logs', minute: 1, records: 1 };
  const messages = [{ ...place, ...counts, ...wrong }];
  return { gateway: 'forged', epoch: 1, note: number + 1, messages, refused: [] };
}

/** Never a message by chance: its first field has a wire type that there is not. */
function randomLike(bytes: number): Buffer {
  return Buffer.concat([Buffer.from([0x0f]), randomBytes(bytes - 1)]);
}
