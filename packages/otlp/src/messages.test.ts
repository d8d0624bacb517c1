import { signals } from '@spillway/otlp';
import type protobuf from 'protobufjs';
import { expect, it } from 'vitest';
import { requestType } from '../test/official.ts';
import { requestOf } from './messages.ts';
import type { Field, Message } from './schema.ts';

it.each(signals)('describes every message of %s as the official definitions do', (signal) => {
  const seen = new Set<protobuf.Type>();
  compare(requestOf[signal], requestType[signal], seen);
  expect(seen.size).toBeGreaterThan(9);
});

function compare(message: Message, type: protobuf.Type, seen: Set<protobuf.Type>): void {
  if (seen.has(type)) return;
  seen.add(type);
  const described = [...message.byNumber.values()].map(describeOurs);
  expect({ [type.name]: described.sort() }).toEqual({
    [type.name]: type.fieldsArray.map((field) => describeTheirs(field.resolve())).sort(),
  });
  for (const field of message.byNumber.values()) {
    if (field.kind !== 'message') continue;
    compare(field.message(), type.fields[field.name]?.resolvedType as protobuf.Type, seen);
  }
}

function describeOurs(field: Field): string {
  const kind = field.kind === 'id' ? 'bytes' : field.kind;
  return [field.number, field.name, kind, field.repeated, field.presence].join(' ');
}

function describeTheirs(field: protobuf.Field): string {
  const { resolvedType } = field;
  const composite = resolvedType !== null && 'fieldsArray' in resolvedType ? 'message' : 'enum';
  const kind = resolvedType === null ? field.type : composite;
  return [field.id, field.name, kind, field.repeated, field.partOf !== null].join(' ');
}
