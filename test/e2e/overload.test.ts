import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { type Addresses, logsBody, memoryOf, query } from '@spillway/test-support';
import { Lab } from '@spillway/test-support/lab';
import { afterEach, describe, expect, it } from 'vitest';

const recordsPerRequest = 20;
const loads: [string, number, string[]][] = [
  [
    'records a second beyond the quota',
    429,
    ['--gateway.recordsPerSecondMax', '300', '--gateway.recordsBurst', '300'],
  ],
  [
    'requests at once beyond the bulkhead',
    503,
    ['--gateway.signalRequestsMax', '2', '--gateway.tenantSignalRequestsMax', '2'],
  ],
];
const labs: Lab[] = [];

afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.close();
});

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

describe('ten times more load than it may take', () => {
  it.each(loads)(
    '%s: %i with Retry-After; what was accepted is stored',
    async (...load) => {
      const [, status, limits] = load;
      const lab = new Lab(limits);
      labs.push(lab);
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
          if (n % 200 === 0) resident.push(memoryOf(lab.spillway.pid).resident / 1_048_576);
        }
      };
      await Promise.all(Array.from({ length: 64 }, worker));
      agent.destroy();
      const refused = answers.filter((answer) => answer.status !== 200);
      expect(new Set(refused.map((answer) => answer.status))).toEqual(new Set([status]));
      for (const { headers } of refused) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(refused.length).toBeGreaterThan(answers.length / 2);
      // The first third warms up; after it memory may not follow the number of requests.
      const third = Math.floor(resident.length / 3);
      const late = Math.max(...resident.slice(2 * third));
      expect(late).toBeLessThan(1.25 * Math.max(...resident.slice(third, 2 * third)));
      await lab.caughtUp(addresses);
      const accepted = (answers.length - refused.length) * recordsPerRequest;
      const { code, report, text } = await lab.audit();
      expect(code, text).toBe(0);
      expect(report.totals).toMatchObject({ accepted, stored: accepted, searchable: accepted });
      const ledger = await query<{ totals: { accepted: number } }>(addresses, '/api/ledger');
      expect(ledger.totals.accepted).toBe(accepted);
    },
    180_000,
  );
});
