import { QueryError } from '../http/errors.ts';

const pieceBytes = 65_536;
/** What is encoded at once. */
const textChars = 32_768;

/**
 * Pieces of answers, used again and again: the collector hardly sees them, and would let many of them
 * pile up. There are as many as were ever in use at once.
 */
export class AnswerPieces {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
  }

  /** Called when no reader is left. */
  giveBack(pieces: readonly Buffer[]): void {
    for (const piece of pieces) this.#free.push(Buffer.from(piece.buffer));
  }
}

/**
 * The answer as JSON, its lists item by item, so that no text of the whole is made beside the bytes.
 * Throws `QueryError` beyond `bytesMax`.
 */
export function answerBytes(
  answer: object,
  { bytesMax, pieces }: { bytesMax: number; pieces: AnswerPieces },
): Buffer[] {
  const writer = new PieceWriter(pieces, bytesMax);
  let text = '';
  for (const more of textsOf(answer)) {
    text += more;
    if (text.length < textChars) continue;
    writer.write(text);
    text = '';
  }
  writer.write(text);
  return writer.end();
}

const encoder = new TextEncoder();

class PieceWriter {
  readonly #pieces: AnswerPieces;
  readonly #bytesMax: number;
  readonly #full: Buffer[] = [];
  #piece: Buffer;
  #at = 0;

  constructor(pieces: AnswerPieces, bytesMax: number) {
    this.#pieces = pieces;
    this.#bytesMax = bytesMax;
    this.#piece = pieces.take();
  }

  write(text: string): void {
    for (let rest = text; rest !== ''; ) {
      const { read, written } = encoder.encodeInto(rest, this.#piece.subarray(this.#at));
      this.#at += written;
      rest = rest.slice(read);
      if (this.#full.length * pieceBytes + this.#at > this.#bytesMax) this.#refuse();
      if (rest !== '') this.#next();
    }
  }

  end(): Buffer[] {
    return [...this.#full, this.#piece.subarray(0, this.#at)];
  }

  #next(): void {
    this.#full.push(this.#piece.subarray(0, this.#at));
    this.#piece = this.#pieces.take();
    this.#at = 0;
  }

  #refuse(): never {
    this.#pieces.giveBack(this.end());
    const message = `the answer has more than ${this.#bytesMax} bytes: ask for less`;
    throw new QueryError('too-much-asked', message);
  }
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
