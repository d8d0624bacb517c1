import { LagBoard } from '@spillway/broker';
import { type LiveStore, StoreError, type StoreErrorCode, storeErrors } from '@spillway/store';
import { describe, expect, it } from 'vitest';
import { consoleSection } from '../src/index.ts';
import type { ErrorBody } from '../src/schema/fresh.ts';
import type { LagAnswer, PipelineAnswer } from '../src/schema/pipeline-answers.ts';
import { runConsole, waitingMessage } from './support/running-console.ts';
import { Shop } from './support/shop.ts';

const shop = new Shop({ nowMs: Date.now(), requests: 10 });

describe('freshness', () => {
  it('grows with what a group has not read, and is unknown when the broker cannot say', async () => {
    const late = await runConsole({ messages: [] });
    try {
      await late.broker.publish([waitingMessage(shop.spans.slice(0, 3))]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const answer = (await (await fetch(`${late.address}/api/lag`)).json()) as LagAnswer;
      expect(answer.behindSeconds).toBeGreaterThan(0);
      expect(answer.lag.reduce((sum, { messages }) => sum + (messages ?? 0), 0)).toBe(3);
    } finally {
      await late.stop();
    }
    const failing = () => Promise.reject(new Error('no broker'));
    const lagBoard = new LagBoard({ broker: { lag: failing, groups: failing }, groups: [] });
    const blind = await runConsole({ messages: [], options: { lagBoard } });
    try {
      const answer = (await (
        await fetch(`${blind.address}/api/pipeline`)
      ).json()) as PipelineAnswer;
      expect(answer.behindSeconds).toBeNull();
      expect(answer.behind).toEqual({ search: null, live: null, writer: null });
      expect(answer.unknownGroups).toEqual(['writer', 'search', 'live']);
    } finally {
      await blind.stop();
    }
  });
});

describe('whatever a store throws', () => {
  it.each<[StoreErrorCode, number, string]>([
    ['invalid-query', 400, 'bad-parameter'],
    ['too-much-asked', 422, 'too-much-asked'],
    ['refused', 422, 'too-much-asked'],
    ['overloaded', 429, 'too-many-queries'],
    ['unsupported', 501, 'unsupported'],
    ['unavailable', 503, 'unavailable'],
    ['rebuild-under-way', 503, 'unavailable'],
    ['rebuild-lost', 503, 'unavailable'],
  ])('%s is %i %s', async (code, status, wanted) => {
    const secret = new StoreError(code, 'of /var/lib: ask for less', {
      ...(code === 'invalid-query' && { invalid: { parameter: 'from', wanted: 'another' } }),
    });
    const live = { ...liveStub(), map: () => Promise.reject(secret) };
    const console = await runConsole({ messages: [], options: { live } });
    try {
      const response = await fetch(`${console.address}/api/map?from=now-1h`);
      const { error } = (await response.json()) as ErrorBody;
      expect([response.status, error.code]).toEqual([status, wanted]);
      const retryAfter = code === 'overloaded' ? '1' : null;
      expect(response.headers.get('retry-after')).toBe(retryAfter);
      // Only what is said of the question is for who asked it.
      expect(error.message.includes('/var/lib')).toBe(code === 'too-much-asked');
      if (code === 'invalid-query') {
        expect(error).toMatchObject({ key: 'from', wanted: 'another', got: '"now-1h"' });
      }
    } finally {
      await console.stop();
    }
  });

  it('is in that table', () => {
    expect(Object.keys(storeErrors)).toHaveLength(8);
  });
});

describe('a store in trouble', () => {
  it('that is slow is 504, one that fails is 503 without details', async () => {
    const broken = {
      ...liveStub(),
      services: () => new Promise<never>(() => {}),
      map: () => Promise.reject(new Error('secret path /var/lib')),
    };
    const { config } = shortTimeout();
    const slow = await runConsole({ messages: [], options: { live: broken, config } });
    try {
      const late = await fetch(`${slow.address}/api/services?from=now-1m`);
      expect([late.status, ((await late.json()) as ErrorOf).error.code]).toEqual([504, 'timeout']);
      const failed = await fetch(`${slow.address}/api/map`);
      const body = await failed.text();
      expect([failed.status, body.includes('secret')]).toEqual([503, false]);
    } finally {
      await slow.stop();
    }
  });
});

interface ErrorOf {
  error: { code: string };
}

function liveStub(): LiveStore {
  const unused = () => Promise.reject(new Error('not asked'));
  return {
    name: 'live',
    capabilities: {},
    windowMs: 3_600_000,
    start: async () => {},
    stop: async () => {},
    health: () => ({ ok: true, detail: '' }),
    apply: unused,
    services: unused,
    operations: unused,
    map: unused,
    tail: unused,
    stats: () => ({
      memoryBytes: undefined,
      duplicates: 0,
      late: 0,
      limits: { names: 0, window: 0, waiting: 0, parents: 0, retries: 0, tenants: 0 },
      kept: undefined,
    }),
    reset: unused,
  };
}

function shortTimeout() {
  return { config: consoleSection.parse({ port: 0, queryTimeoutMs: 150, queriesMax: 4 }) };
}
