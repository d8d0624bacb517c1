import { randomBytes } from 'node:crypto';
import { field, fixed64, nowNs, requestOf } from '../../support/protobuf.ts';
import { type Body, post } from '../../support/requests.ts';
import { type Attack, clients, pause } from '../attack.ts';

/** Each time another one. */
function long(chars: number): string {
  return randomBytes(8).toString('hex').padEnd(chars, 'x');
}

function span(name: string): Buffer {
  const times = [fixed64(7, nowNs()), fixed64(8, nowNs() + 1_000n)];
  return field(2, field(1, randomBytes(16)), field(2, randomBytes(8)), field(5, name), ...times);
}

function gauge(name: string): Buffer {
  return field(2, field(1, name), field(5, field(1, fixed64(3, nowNs()))));
}

function log(key: string): Buffer {
  return field(
    2,
    fixed64(1, nowNs()),
    field(3, key),
    field(6, field(1, key), field(2, field(1, 'v'))),
  );
}

function bodyOf(round: number, chars: number, count: number): Body {
  const names = Array.from({ length: count }, () => long(chars));
  const [signal, record] = (
    [
      ['traces', span],
      ['metrics', gauge],
      ['logs', log],
    ] as const
  )[round % 3] ?? ['traces', span];
  // Of services too.
  const service = round % 4 === 0 ? long(chars) : 'long';
  return { signal, bytes: new Uint8Array(requestOf(service, Buffer.concat(names.map(record)))) };
}

/** Two records whose names are of a megabyte; by the round, of another signal. */
export function namesOfMegabytesBody(round: number): Body {
  return bodyOf(round, 1_000_000, 2);
}

export const namesOfMegabytes: Attack = {
  name: 'names-of-megabytes',
  what: 'names, keys and services of 1 MB, each another, more than the log holds',
  args: ['--broker.embedded.logBytesMax', String(256 * 1_048_576)],
  run: (lab, ending) => {
    return clients(2, ending, async (round) => {
      await post(lab, namesOfMegabytesBody(round));
      await pause(100);
    });
  },
};

export const manyNames: Attack = {
  name: 'many-names',
  what: 'a hundred thousand other names, keys and services a minute',
  run: (lab, ending) => {
    return clients(2, ending, async (round) => {
      await post(lab, bodyOf(round, 40, 400));
      await pause(100);
    });
  },
};
