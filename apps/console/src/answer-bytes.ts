import { QueryError } from './errors.ts';

/** What is written at once. */
const pieceChars = 65_536;

/**
 * The answer as JSON, its lists item by item, so that no text of the whole is made beside the bytes.
 * Throws `QueryError` beyond `bytesMax`.
 */
export function answerBytes(answer: object, bytesMax: number): Buffer[] {
  const pieces: Buffer[] = [];
  let piece = '';
  let bytes = 0;
  const cut = (): void => {
    const more = Buffer.from(piece);
    piece = '';
    bytes += more.length;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    pieces.push(more);
  };
  for (const text of textsOf(answer)) {
    piece += text;
    if (piece.length >= pieceChars) cut();
  }
  cut();
  return pieces;
}

function* textsOf(answer: object): Generator<string> {
  let before = '{';
  for (const [key, value] of Object.entries(answer)) {
    if (value === undefined) continue;
    yield `${before}${JSON.stringify(key)}:`;
    if (Array.isArray(value)) yield* listOf(value);
    else yield JSON.stringify(value);
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}

function* listOf(items: readonly unknown[]): Generator<string> {
  let before = '[';
  for (const item of items) {
    yield before + JSON.stringify(item);
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

function tooLarge(bytesMax: number): QueryError {
  const message = `the answer has more than ${bytesMax} bytes: ask for less`;
  return new QueryError('too-much-asked', message);
}
