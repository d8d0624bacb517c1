import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '@spillway/store';
import { expect, it } from 'vitest';
import { QueryError } from '../http/errors.ts';
import type { Batch } from './read-tail.ts';
import { type TailClient, TailStream, type TailStreamOptions } from './tail-stream.ts';

const nothing: Batch = { lines: [], skipped: 0, lastId: undefined };
const times = { lookMs: 2, heartbeatMs: 10, slowMs: 20 };

function clientOf() {
  const state = { text: '', isBlocked: false, ended: '' };
  const client: TailClient = {
    write(text) {
      state.text += text;
    },
    get isBlocked() {
      return state.isBlocked;
    },
    end() {
      state.ended = 'end';
    },
    cut() {
      state.ended = 'cut';
    },
  };
  return { state, client };
}

function streamOf(over: Partial<TailStreamOptions>) {
  const { state, client } = clientOf();
  const gone = new AbortController();
  const options: TailStreamOptions = {
    client,
    read: async () => nothing,
    checkAccess: () => {},
    asError: (error) =>
      error instanceof QueryError ? error : new QueryError('unavailable', String(error)),
    ending: gone.signal,
    times,
    ...over,
  };
  return { state, gone, running: new TailStream(options).run(nothing) };
}

it('says that it is there while nothing comes', async () => {
  const { state, gone, running } = streamOf({});
  await expect.poll(() => state.text.match(/^: heartbeat$/gm)?.length ?? 0).toBeGreaterThan(2);
  gone.abort(new QueryError('client-gone', ''));
  await running;
  expect(state.ended).toBe('');
});

it('ends when its key may not read any more', async () => {
  const checkAccess = () => {
    throw new QueryError('unauthenticated', 'the API key is not known');
  };
  const { state, running } = streamOf({ checkAccess });
  await running;
  expect(state.text).toContain('event: end\ndata: {"code":"unauthenticated"');
  expect(state.ended).toBe('end');
});

it('looks at the key also while lines come all the time', async () => {
  let looks = 0;
  const checkAccess = () => {
    throw new QueryError('forbidden', 'gone');
  };
  const read = async () => ({ ...nothing, skipped: ++looks });
  const { state, running } = streamOf({ checkAccess, read });
  await running;
  expect(state.text).toContain('event: skipped\ndata: {"records":1}');
  expect(state.text).toContain('"forbidden"');
});

it('is not read for a client that does not read, and cuts one that is too slow', async () => {
  let looks = 0;
  const read = async () => ({ ...nothing, skipped: ++looks });
  const { state, running } = streamOf({ read });
  state.isBlocked = true;
  await running;
  expect(state.ended).toBe('cut');
  expect(looks).toBe(0);
});

it('goes on when a slow client has read', async () => {
  const { state, gone, running } = streamOf({ times: { ...times, slowMs: 100_000 } });
  state.isBlocked = true;
  await sleep(20);
  const before = state.text;
  state.isBlocked = false;
  await expect.poll(() => state.text.length).toBeGreaterThan(before.length);
  gone.abort(new QueryError('client-gone', ''));
  await running;
});

it('ends with the reason when the store is away, and waits while too much is asked', async () => {
  let looks = 0;
  const read = async (): Promise<Batch> => {
    looks += 1;
    if (looks < 4) throw new QueryError('too-many-queries', 'later');
    throw new StoreError('unavailable', 'away');
  };
  const { state, running } = streamOf({ read });
  await running;
  expect(looks).toBe(4);
  expect(state.text).toContain('event: end\ndata: {"code":"unavailable"');
  expect(state.ended).toBe('end');
});
