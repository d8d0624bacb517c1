/** Message types as data: what the JSON mapping needs to know of a field. */
import { tagOf } from './layout.ts';
import { wireBytes, wireFixed32, wireFixed64, wireVarint } from './reader.ts';

/** `id`: bytes that OTLP/JSON writes in hex; all other `bytes` are base64. */
export type Kind =
  | 'string'
  | 'bytes'
  | 'id'
  | 'bool'
  | 'enum'
  | 'int32'
  | 'uint32'
  | 'sint32'
  | 'fixed32'
  | 'int64'
  | 'uint64'
  | 'fixed64'
  | 'sfixed64'
  | 'double'
  | 'message';

export interface Field {
  number: number;
  /** lowerCamelCase, as in JSON. */
  name: string;
  nameBytes: Uint8Array;
  kind: Kind;
  wire: number;
  /** `number` and `wire` as on the wire. */
  tag: number;
  repeated: boolean;
  /** Written even when it holds the default: it is optional, or of a oneof. */
  presence: boolean;
  /** Members of one oneof share it: the last one given replaces the others. */
  oneof: boolean;
  /** The message of a message field. */
  message: () => Message;
}

export interface Message {
  byNumber: ReadonlyMap<number, Field>;
  /** Fields by length of the name: hardly ever more than two are worth comparing. */
  byNameLength: readonly Field[][];
  oneof: readonly Field[];
}

type Target = Kind | (() => Message);

const wireOf: Readonly<Record<Kind, number>> = {
  string: wireBytes,
  bytes: wireBytes,
  id: wireBytes,
  message: wireBytes,
  bool: wireVarint,
  enum: wireVarint,
  int32: wireVarint,
  uint32: wireVarint,
  sint32: wireVarint,
  int64: wireVarint,
  uint64: wireVarint,
  fixed32: wireFixed32,
  fixed64: wireFixed64,
  sfixed64: wireFixed64,
  double: wireFixed64,
};

export function message(fields: Field[]): Message {
  const byNameLength: Field[][] = [];
  for (let length = 0; length < 32; length++) {
    byNameLength.push(fields.filter((field) => field.name.length === length));
  }
  const byNumber = new Map(fields.map((field) => [field.number, field]));
  return { byNumber, byNameLength, oneof: fields.filter((field) => field.oneof) };
}

/** A field that holds one value; its default is not written. */
export function one(number: number, name: string, target: Target): Field {
  const kind = typeof target === 'string' ? target : 'message';
  const wire = wireOf[kind];
  return {
    number,
    name,
    nameBytes: Buffer.from(name),
    kind,
    wire,
    tag: tagOf(number, wire),
    repeated: false,
    presence: false,
    oneof: false,
    message: typeof target === 'string' ? noMessage : target,
  };
}

export function many(number: number, name: string, target: Target): Field {
  return { ...one(number, name, target), repeated: true };
}

/** A field marked `optional`. */
export function maybe(number: number, name: string, target: Target): Field {
  return { ...one(number, name, target), presence: true };
}

/** A field of the message's only oneof. */
export function member(number: number, name: string, target: Target): Field {
  return { ...one(number, name, target), presence: true, oneof: true };
}

function noMessage(): never {
  throw new TypeError('a scalar field has no message');
}
