import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hostileQuestion, randomOf } from './support/hostile-questions.ts';
import { type RunningConsole, runConsole } from './support/running-console.ts';
import { Shop } from './support/shop.ts';

const seed = Number(process.env.QUESTIONS_SEED ?? 1);
const questions = Number(process.env.QUESTIONS ?? 1_500);
const atOnce = 4;

let console: RunningConsole;
beforeAll(async () => {
  const shop = new Shop({ nowMs: Date.now(), requests: 10 });
  console = await runConsole({ messages: shop.messages() });
});
afterAll(() => console.stop());

const agent = new Agent({ keepAlive: true, maxSockets: atOnce });

/** Not by `fetch`, which writes paths anew. */
function statusOf(path: string): Promise<number | string> {
  const { hostname, port } = new URL(console.address);
  return new Promise((resolve) => {
    const asked = request({ agent, hostname, port, path }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    asked.once('error', (error) => resolve(error.message)).end();
  });
}

it('every hostile question gets an answer that is not the fault of the server', async () => {
  const random = randomOf(seed);
  const wrong: [string, number | string][] = [];
  const statuses: Record<string, number> = {};
  let left = questions;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const path = hostileQuestion(random);
      const status = await statusOf(path);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (typeof status !== 'number' || status >= 500) wrong.push([path.slice(0, 300), status]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  expect(wrong, JSON.stringify(statuses)).toEqual([]);
  expect(statuses[200]).toBeGreaterThan(questions / 20);
  expect(statuses[400]).toBeGreaterThan(questions / 10);
}, 600_000);
