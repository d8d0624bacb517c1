import {
  type DecodedRequest,
  decode,
  extract,
  largestValue,
  OtlpError,
  protobufToJson,
  type Signal,
  scan,
  signals,
  split,
} from '@spillway/otlp';
import { behindFirst } from '../mutate/behind-first.ts';
import { mutateProtobuf } from '../mutate/protobuf.ts';
import { protobufSeeds, withSignal } from '../seeds/seeds.ts';
import { demand, type Target } from '../target.ts';

const tenant = 't';
const slots = Uint16Array.from({ length: 65_536 }, (_, slot) => slot % 5);
const limits = { bytesMax: 300, totalBytesMax: 100_000 };

/** First byte: the signal. The rest: a request in protobuf, scanned, sliced, decoded, cut, split. */
export const otlpProtobuf: Target = {
  name: 'otlp-protobuf',
  seeds: withSignal(protobufSeeds),
  mutators: [behindFirst(mutateProtobuf)],
  dictionary: ['\x0a\x00', '\x12\x00', 'service.name', '\x0a\x10'],
  bytesMax: 10 * 1024,
  run(input) {
    const signal = signals[(input[0] ?? 0) % 3] as Signal;
    // A copy: what is read beyond its end is not there.
    return throughAll(signal, Uint8Array.from(input.subarray(1)));
  },
};

function throughAll(signal: Signal, body: Uint8Array): string {
  let whole: DecodedRequest;
  try {
    whole = decode(signal, body, { tenant });
  } catch (error) {
    if (!(error instanceof OtlpError)) throw error;
    demand(
      refuses(() => scan(signal, body, slots)),
      'scan refuses what decode refuses',
    );
    demand(largestValue(signal, body) === undefined, 'nothing is large of what cannot be decoded');
    return 'refused';
  }
  const scanned = scan(signal, body, slots);
  const keys = keysOf(whole);
  demand(scanned.records === keys.length, 'scan and decode count the same records');
  checkSlices(signal, scanned, keys);
  checkParts(signal, body, whole, keys);
  largestValue(signal, body);
  if (refuses(() => protobufToJson(signal, body))) return 'taken, with broken records';
  return keys.length === 0 ? 'taken, empty' : 'taken';
}

/** Every record is in one slice, under the same key. */
function checkSlices(signal: Signal, { slices }: ReturnType<typeof scan>, keys: string[]): void {
  const found: string[] = [];
  for (const { chunks, records, bytes } of slices) {
    const message = Buffer.concat(chunks);
    demand(message.length === bytes, 'a slice is as long as it says');
    const decoded = keysOf(decode(signal, message, { tenant }));
    demand(decoded.length === records, 'a slice has the records that it says');
    found.push(...decoded);
  }
  demand(sameBag(found, keys), 'the slices hold each record once, under its key');
}

/** Cut and split, records keep their keys. */
function checkParts(signal: Signal, body: Uint8Array, whole: DecodedRequest, keys: string[]): void {
  const last = keys.length - 1;
  if (last >= 0) {
    const indexes = last > 0 ? [0, last] : [0];
    const ordinals = whole.ordinals && indexes.map((index) => whole.ordinals?.[index] ?? 0);
    const cut = decode(signal, extract(signal, body, indexes), {
      tenant,
      ...(ordinals && { ordinals }),
    });
    const wanted = indexes.map((index) => keys[index] as string);
    demand(sameBag(keysOf(cut), wanted), 'a record cut out keeps its key');
  }
  const parted = split(signal, body, limits);
  if (parted === undefined) return;
  const found = parted.parts.flatMap(({ bytes, ordinals }) => {
    return keysOf(decode(signal, bytes, { tenant, ...(ordinals && { ordinals: [...ordinals] }) }));
  });
  demand(found.length + parted.oversize.length === keys.length, 'a split loses no record');
  const known = new Set(keys);
  demand(
    found.every((key) => known.has(key)),
    'a record in a part keeps its key',
  );
}

/** By index. */
function keysOf({ records, broken }: DecodedRequest): string[] {
  const all = [...records, ...broken].sort((a, b) => a.index - b.index);
  demand(
    all.every(({ index }, i) => index === i),
    'each record is decoded or broken, once',
  );
  return all.map(({ key }) => key);
}

function sameBag(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.toSorted().join() === b.toSorted().join();
}

function refuses(use: () => unknown): boolean {
  try {
    use();
    return false;
  } catch (error) {
    if (!(error instanceof OtlpError)) throw error;
    return true;
  }
}
