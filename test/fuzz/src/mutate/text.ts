import { mutateBytes } from './bytes.ts';
import type { Mutation } from './mutation.ts';

const words = ['', '0', '-1', '1', '65535', '99999999999999999999', '1e999', 'NaN', 'true', 'null']
  .concat([
    '~',
    '[]',
    '{}',
    '""',
    '\0',
    '\ufffd',
    '\ud83d\ude00',
    '%00',
    '../..',
    '*',
    '"',
    "'",
    '\\',
  ])
  .concat(['a'.repeat(2_000), '{'.repeat(300), '['.repeat(300), '&a [*a]', '\r\n', ' ', '\t', ':']);

/** Changes lines and words of a text. */
export function mutateText(input: Uint8Array, mutation: Mutation): Uint8Array {
  const { random, other, dictionary, bytesMax } = mutation;
  const lines = Buffer.from(input).toString('latin1').split('\n');
  const at = random.below(lines.length);
  const line = lines[at] as string;
  switch (random.below(8)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(random.below(lines.length), 0, line);
      break;
    case 2:
      lines.splice(at, 0, random.pick(Buffer.from(other()).toString('latin1').split('\n')));
      break;
    case 3:
      lines[at] = line.replace(/([:=]).*$/, (_, sign) => `${sign}${random.pick(words)}`);
      break;
    case 4:
      lines[at] = `${' '.repeat(random.below(6))}${line.trim()}`;
      break;
    case 5: {
      const parts = line.split(/(\W+)/);
      const word =
        dictionary.length > 0 && random.chance(0.5)
          ? Buffer.from(random.pick(dictionary)).toString('latin1')
          : random.pick(words);
      parts[random.below(parts.length)] = word;
      lines[at] = parts.join('');
      break;
    }
    case 6:
      lines.splice(
        0,
        lines.length,
        ...lines.slice(0, 1 + random.below(Math.min(lines.length, 12))),
      );
      break;
    default:
      return mutateBytes(input, mutation);
  }
  return Buffer.from(lines.join('\n'), 'latin1').subarray(0, bytesMax);
}
