import { call, grpcClient } from './grpc.ts';
import { keepAliveAgent, protobuf, send } from './http.ts';
import type { RunningGateway } from './run-process.ts';

export interface Answered {
  ok: boolean;
  /** `200`, `429`, or the gRPC code. */
  code: number;
  retryAfterS: number;
  atMs: number;
}

export type Sender = () => Promise<Answered>;

/** One request over kept connections; rejects when a connection breaks. */
export function httpSender({ http }: RunningGateway, body: Buffer, authorization = ''): Sender {
  const agent = keepAliveAgent(8);
  const headers = { ...protobuf, ...(authorization && { authorization }) };
  return async () => {
    const { status: code, headers: answered } = await send(http, { headers, body, agent });
    const retryAfterS = Number(answered['retry-after'] ?? 0);
    return { ok: code === 200, code, retryAfterS, atMs: performance.now() };
  };
}

export function grpcSender({ grpc }: RunningGateway, body: Buffer, authorization = ''): Sender {
  const client = grpcClient(grpc);
  const metadata: Record<string, string> = authorization ? { authorization } : {};
  return async () => {
    const { code, details } = await call(client, { body, metadata });
    // RetryInfo is the only detail of such a refusal.
    const retryAfterS = details.includes('google.rpc.RetryInfo') ? 1 : 0;
    return { ok: code === 0, code, retryAfterS, atMs: performance.now() };
  };
}

/** Sends with so many at once until the time is over, `pauseMs` after each answer. */
export async function sendFor(
  ms: number,
  senders: readonly Sender[],
  { atOnce, pauseMs }: { atOnce: number; pauseMs: number },
): Promise<Answered[]> {
  const until = performance.now() + ms;
  const answers: Answered[] = [];
  const work = async (sender: Sender): Promise<void> => {
    while (performance.now() < until) {
      answers.push(await sender());
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  await Promise.all(
    senders.flatMap((sender) => Array.from({ length: atOnce }, () => work(sender))),
  );
  return answers;
}
