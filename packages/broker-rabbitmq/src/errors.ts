import { BrokerError, type PublishOutcome, type RefusalCode } from '@spillway/broker';

/** Certainly not on the broker. */
export function refuse(code: RefusalCode, message: string, retryable = true): PublishOutcome {
  return { status: 'refused', code, retryable, message };
}

export function unknown(message: string): PublishOutcome {
  return { status: 'unknown', message };
}

export function disconnected(detail: string): BrokerError {
  return new BrokerError('not-running', `No connection to RabbitMQ: ${detail}`);
}

/** Reply codes of AMQP 0-9-1 that are expected. */
export const replyCodes = { notFound: 404, resourceLocked: 405, preconditionFailed: 406 } as const;

export function replyCodeOf(error: unknown): number | undefined {
  return (error as { code?: number }).code;
}
