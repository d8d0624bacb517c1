import { partitionName, type RefusalCode } from '@spillway/broker';
import { messageOf } from '@spillway/resilience';
import { errorName } from '../../errors.ts';
import { parseProduce } from '../wire/produce-response.ts';

/**
 * What an answer for a batch means. "Perhaps" is the honest reading of every error that a leader
 * may also give after it appended: it stops waiting for its replicas when it is no longer leader.
 */
export type Verdict =
  | { kind: 'durable'; baseOffset: number | undefined }
  /** Again; `perhaps`: the batch may be in the log. */
  | { kind: 'again'; perhaps: boolean; leaderMoved: boolean; message: string }
  /** Not appended: the sequence does not follow what the leader has. */
  | { kind: 'gap'; message: string }
  /** Not appended: the leader does not know this producer, or a later epoch of it. */
  | { kind: 'fenced'; message: string }
  /** Not appended: the batch is larger than the topic takes. */
  | { kind: 'too-large'; message: string }
  /** Not appended. */
  | { kind: 'refused'; code: RefusalCode; retryable: boolean; message: string };

/** The connection broke, or the answer did not come in time. */
export function brokenVerdict(message: string): Verdict {
  return { kind: 'again', perhaps: true, leaderMoved: true, message };
}

/**
 * Decides by an error code what became of a batch
 * (https://kafka.apache.org/protocol.html#protocol_error_codes).
 */
export function verdictOf(
  errorCode: number,
  baseOffset: number,
  errorMessage: string | undefined,
): Verdict {
  if (errorCode === 0) return { kind: 'durable', baseOffset };
  const name = errorName(errorCode);
  const message = errorMessage === undefined ? name : `${name}: ${errorMessage}`;
  switch (name) {
    case 'DUPLICATE_SEQUENCE_NUMBER':
      return { kind: 'durable', baseOffset: undefined };
    case 'OUT_OF_ORDER_SEQUENCE_NUMBER':
      return { kind: 'gap', message };
    case 'UNKNOWN_PRODUCER_ID':
    case 'INVALID_PRODUCER_EPOCH':
      return { kind: 'fenced', message };
    case 'MESSAGE_TOO_LARGE':
    case 'RECORD_LIST_TOO_LARGE':
      return { kind: 'too-large', message };
    case 'NOT_ENOUGH_REPLICAS':
    case 'CORRUPT_MESSAGE':
      return { kind: 'again', perhaps: false, leaderMoved: false, message };
    case 'INVALID_TOPIC_EXCEPTION':
      return { kind: 'refused', code: 'unknown-topic', retryable: false, message };
    case 'INVALID_TIMESTAMP':
      // A clock is wrong; it may be set right.
      return { kind: 'refused', code: 'unavailable', retryable: true, message };
    case 'TOPIC_AUTHORIZATION_FAILED':
    case 'CLUSTER_AUTHORIZATION_FAILED':
    case 'INVALID_RECORD':
    case 'INVALID_REQUIRED_ACKS':
    case 'INVALID_REQUEST':
    case 'POLICY_VIOLATION':
    case 'UNSUPPORTED_FOR_MESSAGE_FORMAT':
    case 'UNSUPPORTED_VERSION':
      return { kind: 'refused', code: 'unavailable', retryable: false, message };
    case 'NOT_ENOUGH_REPLICAS_AFTER_APPEND':
    case 'REQUEST_TIMED_OUT':
      return { kind: 'again', perhaps: true, leaderMoved: false, message };
    default:
      return { kind: 'again', perhaps: true, leaderMoved: true, message };
  }
}

/**
 * Decides for each partition, by its name; an answer that cannot be read says nothing about any.
 */
export function verdictsOf(body: Buffer | Error): (place: string) => Verdict {
  try {
    if (body instanceof Error) throw body;
    const answers = parseProduce(body).map((answer): [string, Verdict] => [
      partitionName(answer),
      verdictOf(answer.errorCode, answer.baseOffset, answer.errorMessage),
    ]);
    const verdicts = new Map(answers);
    return (place) => verdicts.get(place) ?? brokenVerdict('Left out of the answer');
  } catch (error) {
    const verdict = brokenVerdict(messageOf(error));
    return () => verdict;
  }
}
