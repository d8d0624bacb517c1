import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningConsole, runConsole } from './support/running-console.ts';

let console: RunningConsole;
beforeAll(async () => {
  console = await runConsole({ messages: [] });
});
afterAll(() => console.stop());

interface Failure {
  status: number;
  code?: string;
  wanted?: string;
  got?: string;
}

async function fail(path: string, init?: RequestInit): Promise<Failure> {
  const response = await fetch(console.address + path, init);
  const body = (await response.json()) as { error: Omit<Failure, 'status'> };
  return { status: response.status, ...body.error };
}

describe('what is wrong in a question', () => {
  it.each([
    ['/api/traces?limt=3', 'limt'],
    ['/api/traces?limit=0', 'limit'],
    ['/api/traces?limit=1e9', 'limit'],
    ['/api/traces?limit=3&limit=4', 'limit'],
    ['/api/traces?from=yesterday', 'from'],
    ['/api/traces?from=now&to=now-1h', 'from'],
    ['/api/traces?status=bad', 'status'],
    ['/api/traces/xyz', 'traceId'],
    ['/api/traces?attr.=1', 'attr.'],
    ['/api/logs?severity=25', 'severity'],
    ['/api/logs/histogram?bars=1000', 'bars'],
    ['/api/metrics/query', 'name'],
    ['/api/metrics/query?name=x&agg=median', 'agg'],
    ['/api/metrics/query?name=x&from=now-7d&step=1s', 'step'],
    ['/api/services?tenant=other', 'tenant'],
    ['/api/dead-letters?cursor=nowhere', 'cursor'],
    ['/api/dead-letters/nowhere', 'id'],
    ['/api/traces?cursor=nowhere', 'cursor'],
    ['/api/logs?cursor=W10', 'cursor'],
    ['/api/metrics/points?name=x&cursor=nowhere', 'cursor'],
    ['/api/traces?from=now%2B999999999999w', 'from'],
    ['/api/ledger?since=now-999999999999w', 'since'],
    ['/api/services?service=%FF', 'service'],
    ['/api/traces?service=%FF', 'service'],
    ['/api/traces?attr.user=%FF', 'attr.user'],
    ['/api/services?attr.user.id=1', 'attr.user.id'],
    ['/api/traces?attr.a=1&attr.a=2', 'attr.a'],
    [`/api/traces?${'abcdefghijk'.replace(/./g, '&attr.$&=1')}`, 'attr.*'],
    ['/api/lag?__proto__=1', '__proto__'],
    ['/api/metrics/query?name=x&groupBy=a,a', 'groupBy'],
    ['/api/logs?limit=1.5', 'limit'],
  ])('%s is 400 and names %s, wanted and got', async (path, key) => {
    const answer = await fail(path);
    expect(answer).toMatchObject({ status: 400, code: 'bad-parameter', key });
    expect(answer.wanted).toBeTruthy();
    expect(answer.got).toBeTruthy();
  });

  it('an unknown path is 404, another method 405', async () => {
    expect(await fail('/api/nothing')).toMatchObject({ status: 404, code: 'not-found' });
    expect(await fail('/api/traces', { method: 'PUT' })).toMatchObject({ status: 405 });
  });
});
