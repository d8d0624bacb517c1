import type { Random } from '../random.ts';
import type { Mutation } from './mutation.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Box = Json[] | { [name: string]: Json };

/** Changes values of a JSON text, which stays JSON but for the odd raw piece. */
export function mutateJson(input: Uint8Array, mutation: Mutation): Uint8Array {
  const { random, other, bytesMax } = mutation;
  const root = parse(input);
  if (root === undefined || root === null || typeof root !== 'object') return input;
  for (let changes = 1 + random.below(3); changes > 0; changes--) change(root, random, other);
  let text = JSON.stringify(root);
  if (random.chance(0.01)) text = replaceRaw(text, random, deep);
  else if (random.chance(0.25)) text = replaceRaw(text, random, raw);
  const bytes = Buffer.from(text);
  return bytes.length > bytesMax ? bytes.subarray(0, bytesMax) : bytes;
}

const odd: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1e308,
  -0.5,
  2 ** 53,
  '',
  '0',
  '-1',
  '4294967296',
  '100000000',
  '18446744073709551616',
  '9223372036854775808',
  'NaN',
  '-Infinity',
  'zz',
  '\0',
  '\ud800',
  '00112233445566778899aabbccddeeff',
  [],
  {},
  [[]],
  { stringValue: 1 },
  { kvlistValue: { values: [{ key: '__proto__' }] } },
];
const names = ['__proto__', 'constructor', 'resourceSpans', 'kind', 'attributes', 'intValue', ''];
const raw = ['1e999', '-', '01', '1.', '+1', 'NaN', '"\\u12"', '"\\ud800"', '[', '{', '}', ',', ':']
  .concat(['"\t"', '\ufeff', '/**/', "'a'", 'nul', '"', '\\', '1E+400', '0x10', '\u0000', '//'])
  .concat(['['.repeat(600), '{"a":'.repeat(600), `"${'\\u0000'.repeat(50)}"`, '9'.repeat(400)]);

/** Deeper than any stack. */
const deep = ['[', '{"a":', '{"values":[{"arrayValue":'].map((text) => text.repeat(30_000));

function change(root: Box, random: Random, other: () => Uint8Array): void {
  const box = boxIn(root, random);
  const keys = Object.keys(box);
  const key = random.pick(keys.length > 0 ? keys : ['x']);
  const list = Array.isArray(box);
  const at = box as Record<string, Json>;
  switch (random.below(7)) {
    case 0:
      if (list) box.splice(random.below(box.length), 1);
      else delete at[key];
      return;
    case 1:
      if (list) box.push(...copies(box[0] ?? null, 1 + random.below(random.chance(0.1) ? 60 : 3)));
      else at[random.pick(names)] = structuredClone(at[key] ?? null);
      return;
    case 2: {
      const spliced = parse(other());
      if (spliced !== undefined) at[key] = partOf(spliced, random);
      return;
    }
    case 3: {
      let value = at[key] ?? null;
      for (let level = random.below(random.chance(0.1) ? 400 : 6); level >= 0; level--) {
        value = random.chance(0.5) ? [value] : { values: [{ key: 'k', value }] };
      }
      at[key] = value;
      return;
    }
    case 4:
      if (typeof at[key] === 'string')
        at[key] = `${at[key]}${random.pick(['0', 'f', '\0', '\\', '"'])}`;
      else if (typeof at[key] === 'number') at[key] = String(at[key]);
      return;
    default:
      at[key] = structuredClone(random.pick(odd));
  }
}

function copies(value: Json, times: number): Json[] {
  return Array.from({ length: times }, () => structuredClone(value));
}

function boxIn(root: Box, random: Random): Box {
  let box = root;
  while (!random.chance(0.12)) {
    const inner = Object.values(box).filter((value): value is Box => {
      return typeof value === 'object' && value !== null;
    });
    if (inner.length === 0) return box;
    box = random.pick(inner);
  }
  return box;
}

function partOf(root: Json, random: Random): Json {
  if (root === null || typeof root !== 'object') return root;
  const values = Object.values(boxIn(root, random));
  return values.length > 0 ? (random.pick(values) as Json) : root;
}

/** At a place where a token begins. */
function replaceRaw(text: string, random: Random, pieces: readonly string[]): string {
  const at = random.below(text.length + 1);
  const until = random.chance(0.5) ? at : Math.min(text.length, at + random.below(8));
  return `${text.slice(0, at)}${random.pick(pieces)}${text.slice(until)}`;
}

function parse(bytes: Uint8Array): Json | undefined {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
