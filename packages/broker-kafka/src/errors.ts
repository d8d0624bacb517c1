/** Errors of the Kafka protocol by their names, whichever client library met them. */
import { protocolErrorsCodesById } from '@platformatic/kafka';

/** The stable codes of `KafkaError`. */
export type KafkaErrorCode =
  /** No answer: refused, broken or timed-out connection. Comes back by itself. */
  | 'connection'
  /** The brokers refuse the login. */
  | 'login'
  /** Certificates do not fit. */
  | 'certificate'
  /** A key of the configuration cannot be used. */
  | 'config'
  /** A broker answered with an error: see `reason`. */
  | 'answer';

/** An expected failure of Kafka or of the way to it; its code is stable. */
export class KafkaError extends Error {
  readonly code: KafkaErrorCode;
  /** Kafka's own name of the error, e.g. NOT_LEADER_OR_FOLLOWER; '' where no broker answered. */
  readonly reason: string;

  constructor(
    code: KafkaErrorCode,
    message: string,
    options: ErrorOptions & { reason?: string } = {},
  ) {
    super(message, options);
    this.name = 'KafkaError';
    this.code = code;
    this.reason = options.reason ?? '';
  }
}

/** An answer with an error that a broker gave. */
export function answered(reason: string, what: string, cause?: unknown): KafkaError {
  return new KafkaError('answer', `${what}: ${reason}`, { reason, cause });
}

/** Kafka's name of the error with this number; '' of none. */
export function errorName(code: number): string {
  if (code === 0) return '';
  return protocolErrorsCodesById[code as keyof typeof protocolErrorsCodesById] ?? `ERROR_${code}`;
}

export function reasonOf(error: unknown): string {
  return error instanceof KafkaError ? error.reason : '';
}

/** What went wrong on the way to a broker, distinguished for people. */
export function unreachable(address: string, cause: unknown): KafkaError {
  const text = chain(cause);
  if (/SASL|authenticat/i.test(text)) {
    return new KafkaError('login', `${address} refuses the login (broker.kafka.sasl): ${text}`, {
      cause,
    });
  }
  if (/certificate|self.signed|TLS|SSL|altname/i.test(text)) {
    return new KafkaError('certificate', `${address} is not trusted (broker.kafka.tls): ${text}`, {
      cause,
    });
  }
  return new KafkaError('connection', `${address} does not answer: ${text}`, { cause });
}

/** The messages of an error and its causes, each once. */
function chain(error: unknown): string {
  const texts = new Set<string>();
  const visit = (one: unknown, depth: number): void => {
    if (!(one instanceof Error) || depth > 6) return;
    if (one.message) texts.add(one.message);
    visit(one.cause, depth + 1);
    if (one instanceof AggregateError) for (const part of one.errors) visit(part, depth + 1);
  };
  visit(error, 0);
  return [...texts].join(': ') || String(error);
}
