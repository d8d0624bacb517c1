import { readFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { type Addresses, caughtUp, Lab, logsBody, query } from '@spillway/test-support';
import { afterAll, describe, expect, it } from 'vitest';

const recordsPerRequest = 20;
const limits = [
  ['--gateway.recordsPerSecondMax', '300', '--gateway.recordsBurst', '300'],
  ['--gateway.laneRequestsMax', '16', '--gateway.tenantLaneRequestsMax', '16'],
];
const lab = new Lab(limits.flat());

afterAll(() => lab.close());

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
}

function post(agent: Agent, { otlpHttp }: Addresses, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const call = request(`${otlpHttp}/v1/logs`, { method: 'POST', agent, headers });
    call.on('response', (response) => {
      response.resume();
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers });
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

function residentMebibytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) / 1_024;
}

describe('ten times more load than it may take', () => {
  it('answers 200, 429 or 503 with Retry-After, and stores what it accepted', async () => {
    const addresses = await lab.spillway.start();
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    const answers: Answer[] = [];
    const resident: number[] = [];
    let next = 0;
    const until = Date.now() + 8_000;
    const worker = async (): Promise<void> => {
      while (Date.now() < until) {
        const n = next++;
        const bodies = Array.from({ length: recordsPerRequest }, (_, i) => `line ${n} ${i}`);
        answers.push(await post(agent, addresses, logsBody('noisy', bodies)));
        if (n % 200 === 0) resident.push(residentMebibytes(lab.spillway.pid));
      }
    };
    await Promise.all(Array.from({ length: 64 }, worker));
    agent.destroy();
    const refused = answers.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429, 503]));
    for (const { headers } of refused) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(answers.length / 2);
    // The first third warms up; after it memory may not follow the number of requests.
    const third = Math.floor(resident.length / 3);
    const late = Math.max(...resident.slice(2 * third));
    expect(late).toBeLessThan(1.25 * Math.max(...resident.slice(third, 2 * third)));
    await caughtUp(addresses);
    const accepted = answers.filter(({ status }) => status === 200).length * recordsPerRequest;
    const { code, report, text } = await lab.audit();
    expect(code, text).toBe(0);
    expect(report.totals).toMatchObject({ accepted, stored: accepted, searchable: accepted });
    const ledger = await query<{ totals: { accepted: number } }>(addresses, '/api/ledger');
    expect(ledger.totals.accepted).toBe(accepted);
  }, 180_000);
});
