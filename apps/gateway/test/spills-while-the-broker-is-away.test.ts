import { type Broker, type PublishOutcome, partitionName, readEnvelope } from '@spillway/broker';
import { LossyFiles } from '@spillway/journal/lossy-files';
import { openSpill, type Spill, type SpillOptions } from '@spillway/spill';
import { until } from '@spillway/test-support/until';
import { describe, expect, it } from 'vitest';
import {
  epoch,
  openBroker,
  type Publish,
  readAll,
  readNotes,
  recordsOf,
  runGateway,
  withPublish,
} from './support/gateway.ts';
import { call, grpcClient } from './support/grpc.ts';
import { json, send } from './support/http.ts';
import { jsonRequest, protobufRequest } from './support/requests.ts';

const topic = 'otlp_logs';

/** The embedded broker behind a switch: `away` refuses at once, `unknown` cannot tell. */
async function switchedBroker() {
  const real = await openBroker();
  const state = { mode: 'well' as 'well' | 'away' | 'unknown' };
  const publish: Publish = async (messages) => {
    if (state.mode === 'well') return real.publish(messages);
    const message = 'switched off';
    const refused: PublishOutcome =
      state.mode === 'unknown'
        ? { status: 'unknown', message }
        : { status: 'refused', code: 'unavailable', retryable: true, message };
    return messages.map(() => refused);
  };
  const switched = withPublish(withPublish(real, publish), publish, 'ledger');
  const health = () => ({ ok: state.mode === 'well', detail: state.mode });
  const broker = new Proxy(switched, {
    get: (target, name) => (name === 'health' ? health : Reflect.get(target, name, target)),
  });
  return { real, broker, state };
}

function open(files: LossyFiles, more: Partial<SpillOptions> = {}): Promise<Spill> {
  return openSpill({ dir: '/spill', gateway: 'gw', bytesMax: 1e8, files, ...more });
}

async function sendLogs(http: string, name: string, records = 8) {
  const body = jsonRequest('logs', { records, groups: records, name });
  const answer = await send(http, { path: '/v1/logs', headers: json, body });
  const ack = answer.headers['x-spillway-ack'];
  return { status: answer.status, ack, retryAfter: answer.headers['retry-after'] };
}

/** Sequences as they lie in each partition. */
async function sequencesIn(broker: Broker): Promise<Map<string, string[]>> {
  const sequences = new Map<string, string[]>();
  for (const message of await readAll(broker, topic)) {
    const name = partitionName(message);
    const { gateway, sequence } = readEnvelope(message).id;
    sequences.set(name, [...(sequences.get(name) ?? []), `${gateway} ${sequence}`]);
  }
  return sequences;
}

describe('while the broker is away', () => {
  it.each(['away', 'unknown'] as const)(
    '(%s) requests are answered by the spill, which drains in order, once',
    async (mode) => {
      const { real, broker, state } = await switchedBroker();
      const spill = await open(new LossyFiles());
      const { http, grpc, gateway } = await runGateway({ broker, spill });
      expect(await sendLogs(http, 'before')).toMatchObject({ status: 200, ack: 'broker' });
      state.mode = mode;
      for (let i = 0; i < 5; i++) {
        expect(await sendLogs(http, `away-${i}`)).toMatchObject({ status: 200, ack: 'spill' });
      }
      const body = protobufRequest('logs', { name: 'grpc' });
      expect(await call(grpcClient(grpc), { signal: 'logs', body })).toMatchObject({
        ack: 'spill',
      });
      expect(gateway.health()).toMatchObject({ ok: true, detail: expect.stringContaining('away') });
      await until(() => gateway.stats().signals.some(({ opened }) => opened > 0));
      state.mode = 'well';
      await until(async () => (await sendLogs(http, `${Math.random()}`)).ack === 'broker');
      await until(() => gateway.stats().spill?.messages === 0);
      await gateway.stop();
      for (const own of (await sequencesIn(real)).values()) {
        expect(own).toEqual(own.map((_, i) => `gw ${i + 1}`));
      }
      await spill.close();
    },
  );

  it('the ledger hears of every message, and at the end that nothing waits any more', async () => {
    const { real, broker, state } = await switchedBroker();
    const spill = await open(new LossyFiles());
    const { http, gateway } = await runGateway({ broker, spill, config: { noteIntervalMs: 20 } });
    state.mode = 'away';
    for (let i = 0; i < 3; i++) await sendLogs(http, `away-${i}`);
    await until(() => spill.notes.count > 0 && gateway.stats().notes.pendingMessages === 0);
    state.mode = 'well';
    await until(() => spill.stats().messages === 0);
    await gateway.stop();
    await spill.close();
    const notes = await readNotes(real);
    const numbers = notes.map(({ note }) => note).sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    const noted = new Map<string, number | undefined>();
    for (const { messages } of notes) {
      for (const { partition, sequence, position } of messages) {
        const name = `${partition}/${sequence}`;
        noted.set(name, position ?? noted.get(name));
      }
    }
    const found = (await readAll(real, topic)).map(({ partition, position, headers }) => [
      `${partition}/${headers['spillway-seq']?.split('/')[2]}`,
      position,
    ]);
    expect([...noted].sort()).toEqual(found.sort());
    const told = notes.flatMap((note) => note.spill ?? []);
    const latest = told.reduce((a, b) => (b.revision > a.revision ? b : a));
    expect(told.some(({ waiting }) => waiting.length > 0)).toBe(true);
    expect(latest.waiting).toEqual([]);
  });

  it('a power cut costs nothing that was answered; the next owner drains and notes it', async () => {
    const { real, broker, state } = await switchedBroker();
    const files = new LossyFiles();
    const spill = await open(files);
    const first = await runGateway({ broker, spill, config: { noteIntervalMs: 3_600_000 } });
    state.mode = 'away';
    for (let i = 0; i < 10; i++) {
      expect(await sendLogs(first.http, `away-${i}`)).toMatchObject({ ack: 'spill' });
    }
    files.powerCut();
    const taken: object[] = [];
    const next = await open(files, { gateway: 'gw-2', report: (event) => taken.push(event) });
    expect(taken).toMatchObject([{ type: 'taken-over', from: 'gw' }]);
    // The first one, whose process the power cut ended, finds no broker any more.
    const second = await runGateway({ broker: real, spill: next, name: 'gw-2', epoch: epoch + 1 });
    await until(() => next.stats().messages === 0);
    await second.gateway.stop();
    await next.close();
    expect(recordsOf(await readAll(real, topic))).toBe(80);
    const noted = (await readNotes(real)).filter(({ gateway }) => gateway === 'gw-2');
    const messages = noted.flatMap((note) => note.messages);
    expect(messages.reduce((sum, { records }) => sum + records, 0)).toBe(80);
    expect(messages.every((message) => message.gateway === 'gw' && message.epoch === epoch)).toBe(
      true,
    );
    expect(messages.every(({ position }) => position !== undefined)).toBe(true);
  });

  it('a stop leaves the rest, says how much, and the notes wait with it', async () => {
    const { real, broker, state } = await switchedBroker();
    const files = new LossyFiles();
    const spill = await open(files);
    const config = { stopTimeoutMs: 300, noteIntervalMs: 3_600_000 };
    const { http, gateway, events } = await runGateway({ broker, spill, config });
    state.mode = 'away';
    await sendLogs(http, 'left');
    const { messages, bytes } = spill.stats();
    await gateway.stop();
    await spill.close();
    expect(events).toContainEqual({ type: 'spill-left', messages, bytes });
    expect(events.map(({ type }) => type)).not.toContain('last-note-lost');
    state.mode = 'well';
    const next = await open(files);
    const after = await runGateway({ broker, spill: next, epoch: epoch + 1 });
    await until(() => next.stats().messages === 0);
    await after.gateway.stop();
    await next.close();
    const notes = await readNotes(real);
    expect(notes.filter((note) => note.epoch === epoch).map(({ note }) => note)).toEqual([1]);
    expect(recordsOf(await readAll(real, topic))).toBe(8);
  });
});

describe('when the spill takes nothing more', () => {
  it('a full disk is 503 with Retry-After, never 500, and not ready', async () => {
    const { real, broker, state } = await switchedBroker();
    const files = new LossyFiles();
    const spill = await open(files);
    const { http, gateway } = await runGateway({ broker, spill });
    state.mode = 'away';
    files.spaceBytes = 40_000;
    const answers = [];
    for (let i = 0; i < 60; i++) answers.push(await sendLogs(http, `full-${i}`));
    const taken = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 503);
    expect(taken.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    expect(taken.length + refused.length).toBe(60);
    expect(refused.every(({ retryAfter }) => Number(retryAfter) >= 1)).toBe(true);
    expect(gateway.health()).toMatchObject({ ok: false });
    files.spaceBytes = Number.POSITIVE_INFINITY;
    state.mode = 'well';
    await until(() => gateway.stats().spill?.messages === 0);
    await until(async () => (await sendLogs(http, `${Math.random()}`)).ack === 'broker');
    await gateway.stop();
    await spill.close();
    // What was refused may be there, too: its sender comes again, and the stores know it.
    expect(recordsOf(await readAll(real, topic))).toBeGreaterThanOrEqual(taken.length * 8);
  });

  it('a message that waits too long keeps newer ones out, and is kept', async () => {
    const { broker, state } = await switchedBroker();
    const spill = await open(new LossyFiles());
    const limits = {
      dir: '',
      bytesMax: 1e8,
      indexBytesMax: 1e7,
      ageMaxMs: 50,
      drainSurplusBytesPerSecond: 1e6,
    };
    const { http, gateway } = await runGateway({ broker, spill, config: { spill: limits } });
    state.mode = 'away';
    await sendLogs(http, 'old');
    await until(() => gateway.stats().spill?.cut !== '');
    expect(await sendLogs(http, 'new')).toMatchObject({ status: 503 });
    state.mode = 'well';
    await until(() => gateway.stats().spill?.messages === 0);
    await until(async () => (await sendLogs(http, `${Math.random()}`)).status === 200);
    await gateway.stop();
    await spill.close();
  });
});
