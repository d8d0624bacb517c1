import { attempt, type Fault } from '../fault.ts';
import { commonTag, schemaUrlTag } from '../layout.ts';
import { Reader } from '../reader.ts';
import type { Resource, Scope } from '../records.ts';
import { Fragments } from './fragments.ts';
import { tooLarge } from './record-cost.ts';

/** What surrounds a record. `fault` is that of the resource, the scope or the metric. */
export interface Around {
  resource: Resource;
  scope: Scope;
  fault: Fault | undefined;
}

/** A stretch of the message: the payload of one record. */
export interface Payload {
  bytes: Uint8Array;
  offset: number;
}

/** The bytes of a resource or scope, which may stand in several fields. */
export interface OwnerFields extends Payload {
  schemaUrl: Uint8Array;
  /** Put together from several fields: not a stretch of the message. */
  merged: boolean;
}

const noBytes: Uint8Array = new Uint8Array();

/** Finds what a resource or scope field says of all its records, wherever it stands in it. */
export function ownerFields(reader: Reader): OwnerFields {
  const start = reader.pos;
  const parts = new Fragments();
  let schemaUrl = noBytes;
  let offset = start;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === commonTag) {
      const part = reader.blob();
      parts.add(part);
      offset = reader.pos - part.length;
    } else if (tag === schemaUrlTag) schemaUrl = reader.blob();
    else reader.skip(tag);
  }
  reader.pos = start;
  return { bytes: parts.bytes(), offset, schemaUrl, merged: parts.isMerged };
}

/** Reads a resource or scope, and comes back to where `own` was. */
export function readOwner(
  own: Reader,
  message: Parameters<typeof attempt>[0],
  { bytes, offset, merged }: OwnerFields,
  read: (reader: Reader) => void,
): { value: unknown } | Fault {
  own.values = 0;
  const fault = tooLarge(bytes.length);
  if (fault) return fault;
  const reader = merged ? new Reader(bytes) : own;
  const { pos, limit } = own;
  if (!merged) {
    own.pos = offset;
    own.limit = offset + bytes.length;
  }
  const result = attempt(message, { bytes, offset }, () => read(reader));
  own.values = reader.values;
  own.pos = pos;
  own.limit = limit;
  return result;
}
