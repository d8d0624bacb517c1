import { type Client, errors } from '@elastic/elasticsearch';
import { expect, test } from 'vitest';
import { type BulkLine, sendBulk, TooLargeDocumentError } from './bulk.ts';

const bytesMax = 10_000;

/** Says of each document that it is there, when it has had time for others to be made. */
class Taking {
  readonly bodies: Buffer[] = [];
  answered = 0;

  readonly #takesMax: number;

  constructor(takesMax = bytesMax) {
    this.#takesMax = takesMax;
  }

  readonly transport = {
    request: async ({ bulkBody }: { bulkBody: Buffer }) => {
      this.bodies.push(bulkBody);
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (bulkBody.length > this.#takesMax) {
        const answer = { statusCode: 413, headers: {}, warnings: null, meta: {} };
        throw new errors.ResponseError(
          answer as unknown as ConstructorParameters<typeof errors.ResponseError>[0],
        );
      }
      const count = bulkBody.toString().split('\n').length >> 1;
      this.answered += count;
      return { items: Array.from({ length: count }, () => ({ create: { status: 201 } })) };
    },
  };
}

function optionsOf(client: Taking) {
  return { client: client as unknown as Client, bytesMax, concurrency: 2 };
}

function linesOf(count: number, chars: number, made = (_: number) => {}): BulkLine[] {
  return Array.from({ length: count }, (_, i) => ({
    op: 'create',
    index: 'traces',
    id: `${i}`,
    document: () => {
      made(i);
      return JSON.stringify({ text: 'x'.repeat(chars) });
    },
  }));
}

test('a batch is never all there as text, and no request is larger than is allowed', async () => {
  const client = new Taking();
  let [count, most] = [0, 0];
  const lines = linesOf(1_000, 900, () => {
    count += 1;
    most = Math.max(most, count - client.answered);
  });
  const results = await sendBulk(optionsOf(client), lines);
  expect(results).toEqual(lines.map(() => ({ status: 'done' })));
  expect(Math.max(...client.bodies.map(({ length }) => length))).toBeLessThanOrEqual(bytesMax);
  // Two requests, and what did not fit into each of them.
  expect(most).toBeLessThanOrEqual(2 * 10 + 2);
});

test('a document that is larger alone is refused, before or when it is there', async () => {
  const client = new Taking();
  const tooLarge: BulkLine = {
    ...({ op: 'create', index: 'traces', id: 'y' } as const),
    document: () => {
      throw new TooLargeDocumentError();
    },
  };
  const lines = [...linesOf(2, 100), ...linesOf(1, 20_000), tooLarge, ...linesOf(1, 100)];
  const results = await sendBulk(optionsOf(client), lines);
  const statuses = results.map((result) => ('code' in result ? result.code : result.status));
  expect(statuses).toEqual(['done', 'done', 'too-large', 'too-large', 'done']);
});

test('what a server does not take goes in halves, and alone is refused', async () => {
  const client = new Taking(3_000);
  const lines = [...linesOf(6, 900), ...linesOf(1, 5_000), ...linesOf(2, 100)];
  const results = await sendBulk(optionsOf(client), lines);
  const statuses = results.map((result) => ('code' in result ? result.code : result.status));
  expect(statuses).toEqual([...Array(6).fill('done'), 'too-large', 'done', 'done']);
});
