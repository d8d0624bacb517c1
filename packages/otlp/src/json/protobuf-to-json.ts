/** Protobuf to OTLP/JSON, for people and for tools that want it: not on the hot path. */
import { OtlpError, pathText, WireError } from '../errors.ts';
import { requestOf } from '../messages.ts';
import { Reader, wireBytes } from '../reader.ts';
import type { Field, Message } from '../schema.ts';
import type { Signal } from '../signal.ts';

type Json = string | number | boolean | Json[] | JsonObject;
interface JsonObject {
  [name: string]: Json;
}

export interface Fault {
  path: string;
  reason: string;
  offset: number;
}

/** Deeper messages are refused: it bounds the stack. Three levels make one of a nested value. */
const depthMax = 320;
/** What is looked through for the name of a fault: it is built meanwhile. */
const faultFieldsMax = 100_000;

/**
 * The message as OTLP/JSON text: ids in lower-case hex, other bytes base64, 64-bit integers as
 * decimal strings, enums as integers; defaults are left out and unknown fields are lost.
 * @throws OtlpError when it is malformed anywhere, also inside a record, and TooManyFields
 */
export function protobufToJson(
  signal: Signal,
  message: Uint8Array,
  { fieldsMax = Number.POSITIVE_INFINITY }: { fieldsMax?: number } = {},
): string {
  const walk = new Walk(message, fieldsMax);
  const object: JsonObject = {};
  const fault = read(walk, requestOf[signal], object);
  if (fault !== undefined) throw new OtlpError(fault);
  return JSON.stringify(object);
}

/**
 * Finds where and why a message is malformed, in the names of OTLP/JSON; undefined when it is not,
 * or has more fields than are worth a search.
 */
export function faultIn(message: Message, bytes: Uint8Array): Fault | undefined {
  try {
    return read(new Walk(bytes, faultFieldsMax), message, {});
  } catch (error) {
    if (error instanceof TooManyFields) return undefined;
    throw error;
  }
}

function read(walk: Walk, message: Message, into: JsonObject): Fault | undefined {
  try {
    walk.message(message, into);
    return undefined;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { path: pathText(walk.path), reason: error.message, offset: error.offset };
  }
}

/** More of them than are to be built. */
export class TooManyFields extends Error {}

class Walk {
  readonly #reader: Reader;
  #depth = 0;
  #fieldsLeft: number;
  /** Names and indexes down to the value being read. */
  readonly path: (string | number)[] = [];

  constructor(bytes: Uint8Array, fieldsMax: number) {
    this.#reader = new Reader(bytes);
    this.#fieldsLeft = fieldsMax;
  }

  message(message: Message, into: JsonObject): void {
    const reader = this.#reader;
    while (reader.more) {
      const tag = reader.tag();
      const field = message.byNumber.get(tag >>> 3);
      if (field === undefined) {
        reader.skip(tag);
        continue;
      }
      this.path.push(field.name);
      if ((tag & 7) === field.wire) this.#field(message, field, into);
      else if ((tag & 7) === wireBytes && field.repeated) this.#packed(field, into);
      else reader.skip(tag);
      this.path.pop();
    }
  }

  #field(message: Message, field: Field, into: JsonObject): void {
    const { name } = field;
    if (field.oneof) {
      for (const other of message.oneof) {
        if (other !== field && into[other.name] !== undefined) delete into[other.name];
      }
    }
    if (field.repeated) this.#element(field, listOf(into, name));
    else {
      const value = this.#value(field, (into[name] as JsonObject | undefined) ?? {});
      if (field.presence || !isDefault(field, value)) into[name] = value;
      else if (into[name] !== undefined) delete into[name];
    }
  }

  #packed(field: Field, into: JsonObject): void {
    const outer = this.#reader.enter();
    while (this.#reader.more) this.#element(field, listOf(into, field.name));
    this.#reader.leave(outer);
  }

  #element(field: Field, list: Json[]): void {
    this.path.push(list.length);
    list.push(this.#value(field, {}));
    this.path.pop();
  }

  /** `into` takes the fields of a message: one that is given twice is merged. */
  #value(field: Field, into: JsonObject): Json {
    const reader = this.#reader;
    if (--this.#fieldsLeft < 0) throw new TooManyFields();
    switch (field.kind) {
      case 'message': {
        if (++this.#depth > depthMax) reader.fail(`nested deeper than ${depthMax}`, reader.pos);
        const outer = reader.enter();
        this.message(field.message(), into);
        reader.leave(outer);
        this.#depth--;
        return into;
      }
      case 'string':
        return reader.string();
      case 'id':
        return reader.hex();
      case 'bytes':
        return reader.base64();
      case 'bool':
        return reader.bool();
      case 'enum':
      case 'int32':
        return reader.int32();
      case 'uint32':
        return reader.uint32();
      case 'sint32':
        return reader.sint32();
      case 'fixed32':
        return reader.fixed32();
      case 'int64':
        return reader.int64Text();
      case 'uint64':
        return String(reader.uint64());
      case 'fixed64':
        return String(reader.fixed64());
      case 'sfixed64':
        return String(reader.sfixed64());
      case 'double':
        return jsonDouble(reader.double());
    }
  }
}

/** ProtoJSON leaves defaults out, whether they were on the wire or not. */
function isDefault({ kind }: Field, value: Json): boolean {
  const is64Bit =
    kind === 'fixed64' || kind === 'int64' || kind === 'uint64' || kind === 'sfixed64';
  return value === '' || value === 0 || value === false || (is64Bit && value === '0');
}

/** `JSON.stringify` knows neither these nor -0, which ProtoJSON reads from a string as well. */
function jsonDouble(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

function listOf(into: JsonObject, name: string): Json[] {
  const list = into[name] as Json[] | undefined;
  if (list !== undefined) return list;
  const created: Json[] = [];
  into[name] = created;
  return created;
}
