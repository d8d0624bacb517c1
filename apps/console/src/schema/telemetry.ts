/** Attributes, resources and scopes, in the form of the OTLP/JSON mapping. */
import { z } from 'zod';

export interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string;
  doubleValue?: number | 'NaN' | 'Infinity' | '-Infinity';
  arrayValue?: { values: AnyValue[] };
  kvlistValue?: { values: { key: string; value: AnyValue }[] };
  bytesValue?: string;
}

export const anyValue: z.ZodType<AnyValue> = z
  .object({
    stringValue: z.string().exactOptional(),
    boolValue: z.boolean().exactOptional(),
    intValue: z.string().exactOptional().describe('A decimal string: exact above 2^53.'),
    doubleValue: z
      .union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])
      .exactOptional()
      .describe('A number, or its name where JSON has none.'),
    get arrayValue() {
      return z.object({ values: z.array(anyValue) }).exactOptional();
    },
    get kvlistValue() {
      return z.object({ values: z.array(keyValue) }).exactOptional();
    },
    bytesValue: z.string().exactOptional().describe('Base64.'),
  })
  .meta({ id: 'AnyValue', description: 'One key at most; none for an empty value.' });

export const keyValue = z
  .object({ key: z.string(), value: anyValue })
  .meta({ id: 'KeyValue', description: 'An attribute.' });

export const attributes = z.array(keyValue);
const droppedAttributesCount = z
  .number()
  .describe('Attributes that the sender dropped before it sent.');

export const attributesOf = { attributes, droppedAttributesCount };

export const resourceView = z
  .object({ ...attributesOf, schemaUrl: z.string() })
  .meta({ id: 'Resource', description: 'Who sent it, as OpenTelemetry describes a resource.' });

export const scopeView = z
  .object({ ...attributesOf, schemaUrl: z.string(), name: z.string(), version: z.string() })
  .meta({ id: 'Scope', description: 'The instrumentation that made it.' });

export const timeUnixNano = z
  .string()
  .describe('Nanoseconds since the epoch, as a decimal string: a JSON number cannot hold them.');
export const traceId = z.string().describe('32 lower-case hex digits, or empty.');
export const spanId = z.string().describe('16 lower-case hex digits, or empty.');

export type KeyValue = z.output<typeof keyValue>;
