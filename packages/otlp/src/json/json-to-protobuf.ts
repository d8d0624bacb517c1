/**
 * OTLP/JSON to protobuf in one pass, without objects in between: memory stays at the input, the
 * output and a stack. Source: OTLP specification, "JSON Protobuf Encoding"; ProtoJSON.
 */

import { requestOf } from '../messages.ts';
import { wireBytes } from '../reader.ts';
import type { Field, Message } from '../schema.ts';
import type { Signal } from '../signal.ts';
import { Writer } from '../writer.ts';
import { JsonLexer } from './json-lexer.ts';
import {
  copyHexField,
  readBase64,
  readBool,
  readDouble,
  readInteger,
  writeInteger,
} from './json-scalars.ts';

const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Strings up to here are copied byte by byte: cheaper than a call into the runtime. */
const shortStringBytes = 48;

/**
 * Transcodes an `Export<Signal>ServiceRequest`. Ids are hex in either case, other bytes base64;
 * 64-bit integers are numbers or strings and stay exact; enums are integers; unknown names are
 * ignored; null is absent. A name given twice counts as protobuf has it: the last scalar wins,
 * messages merge, lists go on. Bytes that are not UTF-8 are passed on, and read as U+FFFD later.
 * @throws OtlpError naming the JSON path: `resourceSpans[0].scopeSpans[0].spans[3].kind`.
 */
export function jsonToProtobuf(signal: Signal, json: Uint8Array): Uint8Array {
  return new Transcoder(json).request(requestOf[signal]);
}

class Transcoder {
  readonly #lexer: JsonLexer;
  readonly #writer: Writer;

  constructor(json: Uint8Array) {
    this.#lexer = new JsonLexer(json);
    this.#writer = new Writer(json.length >>> 1);
  }

  request(message: Message): Uint8Array {
    const lexer = this.#lexer;
    this.#message(message);
    if (!Number.isNaN(lexer.peek())) lexer.failUnexpected('the end');
    return this.#writer.finish();
  }

  #message(message: Message): void {
    const lexer = this.#lexer;
    lexer.open(openBrace, 'an object');
    for (let first = true; lexer.next(closeBrace, first); first = false) {
      lexer.name();
      const field = this.#field(message);
      if (field === undefined) {
        lexer.skip();
        continue;
      }
      lexer.path.push(field.name);
      if (!lexer.literal('null')) {
        if (field.repeated) this.#list(field);
        else this.#single(field);
      }
      lexer.path.pop();
    }
  }

  /** The field of the name just read. */
  #field(message: Message): Field | undefined {
    const { bytes, start, end, escaped } = this.#lexer;
    if (escaped) {
      const name = this.#lexer.text();
      return message.byNameLength[name.length]?.find((field) => field.name === name);
    }
    const candidates = message.byNameLength[end - start];
    if (candidates === undefined) return undefined;
    for (const field of candidates) if (isAt(field.nameBytes, bytes, start)) return field;
    return undefined;
  }

  #list(field: Field): void {
    const lexer = this.#lexer;
    const writer = this.#writer;
    const before = writer.pos;
    const packed = field.wire !== wireBytes;
    const mark = packed ? writer.open(field.number) : 0;
    let index = 0;
    lexer.open(openBracket, 'an array');
    for (; lexer.next(closeBracket, index === 0); index++) {
      lexer.path.push(index);
      if (packed) this.#element(field);
      else this.#single(field);
      lexer.path.pop();
    }
    if (!packed) return;
    if (index === 0) writer.pos = before;
    else writer.close(mark);
  }

  /** One value of a packed field. */
  #element(field: Field): void {
    if (field.kind === 'double') this.#writer.doubleBits(readDouble(this.#lexer));
    else {
      const kind = field.kind as Parameters<typeof writeInteger>[1];
      writeInteger(this.#writer, kind, readInteger(this.#lexer, kind));
    }
  }

  /** One value with its tag; a default is left out where protobuf leaves it out. */
  #single(field: Field): void {
    const writer = this.#writer;
    const lexer = this.#lexer;
    const always = field.presence || field.repeated;
    switch (field.kind) {
      case 'message': {
        const mark = writer.open(field.number);
        this.#message(field.message());
        writer.close(mark);
        return;
      }
      case 'string':
        lexer.string('a string');
        if (always || lexer.end > lexer.start) this.#string(field);
        return;
      case 'id':
        copyHexField(lexer, writer, { number: field.number, always });
        return;
      case 'bytes': {
        const text = readBase64(lexer);
        if (always || text !== '') writer.textField(field.number, text, 'base64');
        return;
      }
      case 'bool': {
        const value = readBool(lexer);
        if (!always && !value) return;
        writer.varint(field.tag);
        writer.varint(value ? 1 : 0);
        return;
      }
      case 'double': {
        const value = readDouble(lexer);
        if (!always && Object.is(value, 0)) return;
        writer.varint(field.tag);
        writer.doubleBits(value);
        return;
      }
      default: {
        const value = readInteger(lexer, field.kind);
        if (!always && Number(value) === 0) return;
        writer.varint(field.tag);
        writeInteger(writer, field.kind, value);
      }
    }
  }

  #string(field: Field): void {
    const { bytes, start, end, escaped } = this.#lexer;
    if (escaped) this.#writer.textField(field.number, this.#lexer.text(), 'utf8');
    else if (end - start > shortStringBytes) {
      this.#writer.bytesField(field.number, bytes.subarray(start, end));
    } else this.#writer.shortField(field.number, bytes, start, end);
  }
}

function isAt(name: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < name.length; at++) if (name[at] !== bytes[start + at]) return false;
  return true;
}
