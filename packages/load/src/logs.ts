import type { AnyValue, KeyValue, LogRecord, SpanRecord } from '@spillway/otlp';
import { bool, double, int, text } from './attributes.ts';
import type { Random } from './random.ts';
import type { Service } from './services.ts';
import { exceptionMessage, sequenceKey } from './spans.ts';

export interface LogOptions {
  random: Random;
  /** What the record belongs to; undefined: nothing but its service. */
  span: SpanRecord | undefined;
  service: Service;
  /** When there is no span, ns since the epoch. */
  timeUnixNano: bigint;
  sequence: number;
}

const calm = [
  [9, 'INFO', 'request finished'],
  [9, 'INFO', 'order was placed'],
  [5, 'DEBUG', 'cache was asked'],
  [13, 'WARN', 'the answer took longer than usual'],
] as const;
const error = [17, 'ERROR', `request failed: ${exceptionMessage}`] as const;

/** A record inside its span's time, errors where the span failed; every third is structured. */
export function createLog(options: LogOptions): LogRecord {
  const { random, span, service, sequence } = options;
  const failed = span?.statusCode === 2;
  const [severityNumber, severityText, message] = failed ? error : random.pick(calm);
  const timeUnixNano = span ? momentOf(span, random) : options.timeUnixNano;
  const structured = random.below(3) === 0;
  return {
    signal: 'logs',
    key: '',
    index: 0,
    resource: span?.resource ?? service.resource,
    scope: span?.scope ?? service.scope,
    timeUnixNano,
    observedTimeUnixNano: timeUnixNano + 250_000n,
    severityNumber,
    severityText,
    body: structured ? structuredBody(message, random) : { stringValue: `${message} ${sequence}` },
    attributes: [
      text('code.function.name', `${service.name}.handle`),
      int('thread.id', 1 + random.below(16)),
      ...(failed ? exception : []),
      int(sequenceKey, sequence),
    ],
    droppedAttributesCount: 0,
    flags: span ? 1 : 0,
    traceId: span?.traceId ?? '',
    spanId: span?.spanId ?? '',
    eventName: structured ? 'shop.request' : '',
  };
}

const exception: readonly KeyValue[] = [
  text('exception.type', 'ConnectionError'),
  text('exception.message', exceptionMessage),
];

function structuredBody(message: string, random: Random): AnyValue {
  const items = Array.from({ length: 1 + random.below(3) }, () => ({
    kvlistValue: { values: [text('sku', `sku-${random.below(1000)}`), int('count', 1)] },
  }));
  return {
    kvlistValue: {
      values: [
        text('message', message),
        double('total', random.below(100_00) / 100),
        bool('gift', random.chance(0.1)),
        { key: 'items', value: { arrayValue: { values: items } } },
      ],
    },
  };
}

function momentOf({ startTimeUnixNano, endTimeUnixNano }: SpanRecord, random: Random): bigint {
  const length = Number(endTimeUnixNano - startTimeUnixNano);
  return startTimeUnixNano + BigInt(Math.floor(length * random.unit()));
}
