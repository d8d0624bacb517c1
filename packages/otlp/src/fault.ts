/** Says in words what is wrong inside a record. Only for broken ones: it reads them once more. */
import { countValues } from './decode/count-values.ts';
import { BrokenRecordError, WireError } from './errors.ts';
import { faultIn } from './json/protobuf-to-json.ts';
import {
  exponentialHistogramDataPoint,
  histogramDataPoint,
  keyValue,
  logRecord,
  numberDataPoint,
  resource,
  scope,
  span,
  summaryDataPoint,
} from './messages.ts';
import type { BrokenRecord } from './records.ts';
import type { Message } from './schema.ts';

/** The messages whose inside the framing check leaves alone. */
export const inner = {
  traces: span,
  logs: logRecord,
  gauge: numberDataPoint,
  sum: numberDataPoint,
  histogram: histogramDataPoint,
  exponential_histogram: exponentialHistogramDataPoint,
  summary: summaryDataPoint,
  resource,
  scope,
  metadata: keyValue,
} as const satisfies Record<string, Message>;

export interface Fault {
  code: BrokenRecord['code'];
  reason: string;
}

/**
 * Runs `read` over something's inside. What is wrong comes back as a value, with the field's name;
 * `bytes` begin at `offset` of the message.
 */
export function attempt<T>(
  message: Message,
  { bytes, offset }: { bytes: Uint8Array; offset: number },
  read: () => T,
): { value: T } | Fault {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof BrokenRecordError) {
      const count = error.code === 'too-complex' ? `${valuesIn(message, bytes)} values: ` : '';
      return { code: error.code, reason: `${count}${error.message}` };
    }
    if (!(error instanceof WireError)) throw error;
    const fault = faultIn(message, bytes);
    const field = fault === undefined || fault.path === '' ? '' : `${snakeCase(fault.path)}: `;
    const reason = `${field}${error.message} at offset ${offset + (fault?.offset ?? 0)}`;
    return { code: 'malformed-record', reason };
  }
}

/** What is too complex may be malformed further on. */
function valuesIn(message: Message, bytes: Uint8Array): string {
  try {
    return String(countValues(message, bytes));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return 'too many';
  }
}

/** The fault of what surrounds records, as theirs. */
export function faultOf(read: { value: unknown } | Fault, owner: string): Fault | undefined {
  if ('value' in read) return undefined;
  const border = read.code === 'too-complex' ? ': ' : '.';
  return { code: read.code, reason: `${owner}${border}${read.reason}` };
}

function snakeCase(path: string): string {
  return path.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
