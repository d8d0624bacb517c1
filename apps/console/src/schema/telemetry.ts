/** Attributes, resources and scopes, in the form of the OTLP/JSON mapping. */
import { z } from 'zod';

/**
 * A value of any type, as OTLP/JSON writes it: an object with at most one key, which names the
 * type; without a key it is empty. 64-bit integers are decimal strings, bytes are base64.
 */
export interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string;
  doubleValue?: number | 'NaN' | 'Infinity' | '-Infinity';
  arrayValue?: { values: AnyValue[] };
  kvlistValue?: { values: { key: string; value: AnyValue }[] };
  bytesValue?: string;
}

/** The schema of `AnyValue`. */
export const anyValue: z.ZodType<AnyValue> = z
  .object({
    stringValue: z.string().exactOptional().describe('A text.'),
    boolValue: z.boolean().exactOptional().describe('True or false.'),
    intValue: z
      .string()
      .exactOptional()
      .describe('A 64-bit integer as a decimal string, which is exact also above 2^53.'),
    doubleValue: z
      .union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])
      .exactOptional()
      .describe('A number, or its name where JSON has none.'),
    get arrayValue() {
      return z
        .object({ values: z.array(anyValue).describe('The values, in order.') })
        .exactOptional()
        .describe('A list of values.');
    },
    get kvlistValue() {
      return z
        .object({ values: z.array(keyValue).describe('The pairs, in order.') })
        .exactOptional()
        .describe('A map, as a list of pairs.');
    },
    bytesValue: z.string().exactOptional().describe('Bytes as base64.'),
  })
  .meta({
    id: 'AnyValue',
    description:
      'A value of any type: at most one key, which names the type; none when it is empty.',
  });

/** The schema of one attribute. */
export const keyValue = z
  .object({ key: z.string().describe('Name of the attribute.'), value: anyValue })
  .meta({ id: 'KeyValue', description: 'An attribute.' });

/** The schema of a list of attributes. */
export const attributes = z.array(keyValue).describe('Attributes as they were sent.');

/** The fields of whatever has attributes: the attributes, and how many the sender dropped. */
export const attributesOf = {
  attributes,
  droppedAttributesCount: z
    .number()
    .describe('Attributes that the sender dropped before it sent the rest.'),
};

const schemaUrl = z.string().describe('URL of the schema of its attributes; empty when unset.');

/** The schema of a resource of OpenTelemetry: the attributes of whoever sent a record. */
export const resourceView = z
  .object({ ...attributesOf, schemaUrl })
  .meta({ id: 'Resource', description: 'Who sent a record, as OpenTelemetry describes it.' });

/** The schema of an instrumentation scope: the library that made a record. */
export const scopeView = z
  .object({
    ...attributesOf,
    schemaUrl,
    name: z.string().describe('Name of the library; empty when unset.'),
    version: z.string().describe('Version of the library; empty when unset.'),
  })
  .meta({ id: 'Scope', description: 'The instrumentation library that made a record.' });

/** The schema of a point in time in nanoseconds since the epoch, as a decimal string. */
export const timeUnixNano = z
  .string()
  .describe('Nanoseconds since the epoch, as a decimal string: a JSON number cannot hold them.');

/** The schema of a trace id, which is empty where a record has none. */
export const traceId = z.string().describe('32 lower-case hex digits, or empty.');

/** The schema of a span id, which is empty where a record has none. */
export const spanId = z.string().describe('16 lower-case hex digits, or empty.');

/** The schema of the key by which a record is stored once. */
export const recordKey = z.string().describe('Key of the record, the same in every store.');

/** The schema of the name of the service that sent a record. */
export const serviceName = z
  .string()
  .describe('Attribute `service.name` of the resource, or `unknown_service`.');

/** The attribute type of the page: one `KeyValue` of OTLP/JSON. */
export type KeyValue = z.output<typeof keyValue>;
