import { minuteOf } from '@spillway/ledger';
import type { TelemetryRecord } from '@spillway/otlp';
import type { DecodedMessage } from '@spillway/store';
import { fromHex } from './hex.ts';

/** The columns that every record has. */
export interface RecordPlace {
  key: bigint;
  tenant: string;
  minute: number;
  partition: number;
  position: bigint;
  idx: number;
  time_ms: bigint;
  /** Set when the row is measured. */
  bytes: number;
  resource: bigint;
  scope: bigint;
}

export function recordPlace(
  message: DecodedMessage,
  record: TelemetryRecord,
  timeMs: number,
): RecordPlace {
  const { envelope, position } = message;
  return {
    key: fromHex(record.key),
    tenant: envelope.tenant,
    minute: minuteOf(message.envelope.receivedMs),
    partition: envelope.id.partition,
    position: BigInt(position),
    idx: record.index,
    time_ms: BigInt(timeMs),
    bytes: 0,
    resource: fromHex(record.resource.hash),
    scope: fromHex(record.scope.hash),
  };
}
