/**
 * Documents as JSON text. What the records of a message share (its place, their resource and
 * scope) is written once and pasted in.
 */
import { minuteOf } from '@spillway/ledger';
import { type Resource, type Scope, type TelemetryRecord, unreachable } from '@spillway/otlp';
import type { DecodedMessage } from '@spillway/store';
import { toJson } from '@spillway/store/search';
import { attributeTerms, shortened } from '../read/attribute-terms.ts';
import { TooLargeDocumentError } from './bulk.ts';
import { logFields } from './log-document.ts';
import { pointFields } from './point-document.ts';
import { sharedResource, sharedScope } from './shared-parts.ts';
import type { SignalFields } from './signal-fields.ts';
import { spanFields } from './span-document.ts';

/**
 * Makes the document of a record as JSON. Throws `TooLargeDocumentError` when it has more than
 * `charsMax` characters, before all of it is there.
 */
export function documentText(
  message: DecodedMessage,
  record: TelemetryRecord,
  { timeMs, messageName, charsMax }: { timeMs: number; messageName: string; charsMax: number },
): string {
  const fields = fieldsOf(record);
  const exact = toJson(fields.exact);
  if (exact.length > charsMax) throw new TooLargeDocumentError();
  const found = {
    '@timestamp': timeMs,
    tenant: message.envelope.tenant,
    message: messageName,
    minute: minuteOf(message.envelope.receivedMs),
    position: message.position,
    record: record.index,
    tie: tieOf(record.key),
    service: shortened(record.resource.service),
    ...fields.index(),
  };
  const terms = attributeTerms(record.attributes);
  const { resource, scope } = record;
  return (
    `${JSON.stringify(found).slice(0, -1)},"attribute":[${joined(terms, resource)}],"exact":` +
    `${exact.slice(0, -1)},"resource":${resourceText(resource)},"scope":${scopeText(scope)}}}`
  );
}

function fieldsOf(record: TelemetryRecord): SignalFields {
  switch (record.signal) {
    case 'traces':
      return spanFields(record);
    case 'logs':
      return logFields(record);
    case 'metrics':
      return pointFields(record);
    default:
      return unreachable(record);
  }
}

/** The first 52 bits of the key: what a JSON number holds exactly. */
function tieOf(key: string): number {
  return Number.parseInt(key.slice(0, 13), 16);
}

const resourceTexts = new WeakMap<Resource, string>();
const resourceTerms = new WeakMap<Resource, string>();
const scopeTexts = new WeakMap<Scope, string>();

function joined(terms: readonly string[], resource: Resource): string {
  const shared = once(resourceTerms, resource, () =>
    JSON.stringify(attributeTerms(sharedResource(resource).attributes)).slice(1, -1),
  );
  const own = JSON.stringify(terms).slice(1, -1);
  return own === '' || shared === '' ? own + shared : `${own},${shared}`;
}

function resourceText(resource: Resource): string {
  return once(resourceTexts, resource, () => toJson(sharedResource(resource)));
}

function scopeText(scope: Scope): string {
  return once(scopeTexts, scope, () => toJson(sharedScope(scope)));
}

function once<K extends object>(texts: WeakMap<K, string>, of: K, make: (of: K) => string): string {
  let text = texts.get(of);
  if (text === undefined) {
    text = make(of);
    texts.set(of, text);
  }
  return text;
}
