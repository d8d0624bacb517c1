/** Reads JSON text (RFC 8259) in place: tokens are ranges of the bytes until more is needed. */
import { OtlpError, pathText } from '../errors.ts';

/** Deeper JSON is refused: it bounds the stack. OTLP's own nesting is far below. */
const depthMax = 512;

const smallDigitsMax = 15;

const quote = 0x22;
const backslash = 0x5c;
const numberForm = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

export class JsonLexer {
  readonly bytes: Uint8Array;
  readonly #buffer: Buffer;
  pos = 0;
  /** Start of the content of the last string, and whether it has escapes. */
  start = 0;
  end = 0;
  escaped = false;
  /** Names and indexes down to the value being read. */
  readonly path: (string | number)[] = [];
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next byte that is not white space, not taken; NaN at the end. */
  peek(): number {
    const { bytes } = this;
    for (;;) {
      const byte = bytes[this.pos];
      if (byte === undefined) return Number.NaN;
      if (byte > 0x20) return byte;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.pos++;
    }
  }

  /** Takes `byte` if it is next. */
  take(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.pos++;
    return true;
  }

  /** Opens `{` or `[`; `wanted` is what the error says was expected. */
  open(byte: number, wanted: string): void {
    if (!this.take(byte)) this.failUnexpected(wanted);
    if (++this.#depth > depthMax) this.fail(`nested deeper than ${depthMax}`, this.pos - 1);
  }

  /**
   * In front of each element: false, and the closing byte taken, when there is no more.
   * `first` says that no comma is due.
   */
  next(close: number, first: boolean): boolean {
    if (this.take(close)) {
      this.#depth--;
      return false;
    }
    if (!first) {
      if (!this.take(0x2c)) this.failUnexpected(`',' or '${String.fromCharCode(close)}'`);
    }
    return true;
  }

  /** Reads a member's name and the colon; its range is in `start`, `end`, `escaped`. */
  name(): void {
    this.string('a name');
    const { start, end, escaped } = this;
    if (!this.take(0x3a)) this.failUnexpected("':'");
    this.start = start;
    this.end = end;
    this.escaped = escaped;
  }

  string(wanted: string): void {
    if (!this.take(quote)) this.failUnexpected(wanted);
    const { bytes } = this;
    this.start = this.pos;
    this.escaped = false;
    for (let at = this.pos; ; at++) {
      const byte = bytes[at];
      if (byte === quote) {
        this.end = at;
        this.pos = at + 1;
        return;
      }
      if (byte === undefined) this.fail('string ends early', this.start - 1);
      if (byte < 0x20) this.fail('control character in a string', at);
      if (byte === backslash) {
        this.escaped = true;
        at++;
      }
    }
  }

  /** The text of the last string. */
  text(): string {
    if (!this.escaped) return this.#buffer.toString('utf8', this.start, this.end);
    try {
      return JSON.parse(this.#buffer.toString('utf8', this.start - 1, this.end + 1));
    } catch {
      return this.fail('wrong escape in a string', this.start - 1);
    }
  }

  /** The text of a number, which may stand in quotes. */
  number(wanted: string): string {
    const at = this.pos;
    const byte = this.peek();
    if (byte === quote) {
      this.string(wanted);
      return this.text();
    }
    if (byte !== 0x2d && !isDigit(byte)) this.failUnexpected(wanted);
    const start = this.pos;
    while (isNumberByte(this.bytes[this.pos] as number)) this.pos++;
    const text = this.#buffer.toString('latin1', start, this.pos);
    if (!isNumber(text)) this.fail(`${clip(text)} is not a number`, at);
    return text;
  }

  /**
   * Takes a natural number of at most 15 digits, which may stand in quotes: exact as a number, and
   * nearly all integers. Undefined, and nothing taken, for any other text or above `max`.
   */
  smallNatural(max: number): number | undefined {
    const { bytes } = this;
    const quoted = this.peek() === quote;
    const start = this.pos + (quoted ? 1 : 0);
    let at = start;
    let value = 0;
    while (isDigit(bytes[at] as number)) value = value * 10 + (bytes[at++] as number) - 0x30;
    const digits = at - start;
    if (digits === 0 || digits > smallDigitsMax || value > max) return undefined;
    if (digits > 1 && bytes[start] === 0x30) return undefined;
    if (quoted ? bytes[at] !== quote : isNumberByte(bytes[at] as number)) return undefined;
    this.pos = quoted ? at + 1 : at;
    return value;
  }

  /** Takes `null`, `true` or `false` if it is next. */
  literal(word: 'null' | 'true' | 'false'): boolean {
    if (this.peek() !== word.charCodeAt(0)) return false;
    const end = this.pos + word.length;
    if (this.#buffer.toString('latin1', this.pos, end) !== word) return false;
    this.pos = end;
    return true;
  }

  /** Passes over any value, checking that it is JSON. */
  skip(): void {
    const byte = this.peek();
    if (byte === quote) {
      this.string('a value');
      if (this.escaped) this.text();
    } else if (byte === 0x7b) {
      this.open(byte, 'an object');
      for (let first = true; this.next(0x7d, first); first = false) {
        this.name();
        if (this.escaped) this.text();
        this.skip();
      }
    } else if (byte === 0x5b) {
      this.open(byte, 'an array');
      for (let first = true; this.next(0x5d, first); first = false) this.skip();
    } else if (!this.literal('null') && !this.literal('true') && !this.literal('false')) {
      this.number('a value');
    }
  }

  failUnexpected(wanted: string): never {
    const byte = this.peek();
    const found = Number.isNaN(byte) ? 'the end' : `'${String.fromCharCode(byte)}'`;
    return this.fail(`wanted ${wanted}, got ${found}`, this.pos);
  }

  fail(reason: string, offset: number): never {
    throw new OtlpError({ path: pathText(this.path), reason, offset });
  }
}

export function isNumber(text: string): boolean {
  return numberForm.test(text);
}

/** Shortens a value for error messages: values can be long. */
export function clip(text: string): string {
  return text.length <= 40 ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, 40))}…`;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Digits, sign, point, exponent. False for `undefined`. */
function isNumberByte(byte: number): boolean {
  return isDigit(byte) || byte === 0x2e || byte === 0x2d || byte === 0x2b || (byte | 0x20) === 0x65;
}
