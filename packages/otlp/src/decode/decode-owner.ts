/** Resources and scopes: what records have in common. Source: `resource.proto`, `common.proto`. */

import { tagOf } from '../layout.ts';
import { type Reader, wireVarint } from '../reader.ts';
import { hashBlocks } from '../record-keys.ts';
import type { KeyValue, Resource, Scope } from '../records.ts';
import { readKeyValue } from './decode-common.ts';

const unknownService = 'unknown_service';

/**
 * Begins a resource without its attributes, which may turn out malformed: `readResource` fills them
 * in.
 */
export function emptyResource(bytes: Uint8Array, schemaUrl: Uint8Array): Resource {
  return {
    hash: hashBlocks(bytes, schemaUrl),
    service: unknownService,
    attributes: [],
    droppedAttributesCount: 0,
    schemaUrl: textOf(schemaUrl),
  };
}

export function readResource(reader: Reader, resource: Resource): void {
  while (reader.more) {
    const tag = reader.tag();
    if (tag === tagOf(1)) resource.attributes.push(readKeyValue(reader));
    else if (tag === tagOf(2, wireVarint)) resource.droppedAttributesCount = reader.uint32();
    else reader.skip(tag);
  }
  resource.service = serviceOf(resource.attributes);
}

export function emptyScope(bytes: Uint8Array, schemaUrl: Uint8Array): Scope {
  return {
    hash: hashBlocks(bytes, schemaUrl),
    name: '',
    version: '',
    attributes: [],
    droppedAttributesCount: 0,
    schemaUrl: textOf(schemaUrl),
  };
}

export function readScope(reader: Reader, scope: Scope): void {
  while (reader.more) {
    const tag = reader.tag();
    if (tag === tagOf(1)) scope.name = reader.string();
    else if (tag === tagOf(2)) scope.version = reader.string();
    else if (tag === tagOf(3)) scope.attributes.push(readKeyValue(reader));
    else if (tag === tagOf(4, wireVarint)) scope.droppedAttributesCount = reader.uint32();
    else reader.skip(tag);
  }
}

function serviceOf(attributes: KeyValue[]): string {
  const attribute = attributes.find(({ key }) => key === 'service.name');
  return attribute?.value.stringValue || unknownService;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

/** The scope of what stands under none. */
export const noScope = emptyScope(new Uint8Array(), new Uint8Array());
