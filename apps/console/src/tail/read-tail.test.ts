import { AnswerRoom, ownRoom, type Tail, type TailItem, type TailQuery } from '@spillway/store';
import { expect, it } from 'vitest';
import { readTail } from './read-tail.ts';

const query = { tenant: 'acme', signal: 'logs' } as const;
const limits = { linesMax: 50, bytesMax: 65_536, room: ownRoom() };

/** As a live store that has so many lines. */
function tailOf(count: number, text = 'x') {
  const items = Array.from({ length: count }, (_, i): TailItem => {
    const line = {
      id: `${i + 1}`,
      key: '',
      timeUnixNano: '1',
      service: 's',
      traceId: '',
      spanId: '',
    };
    return { ...line, text, isCut: false, signal: 'logs', severityNumber: 9, severityText: '' };
  });
  const asked: TailQuery[] = [];
  const tail = async (question: TailQuery): Promise<Tail> => {
    asked.push(question);
    const { afterId, limit } = question;
    const behind = items.filter(({ id }) => Number(id) > Number(afterId ?? 0));
    const found = afterId ? behind.slice(0, limit) : behind.slice(-limit);
    return { items: found, lastId: found.at(-1)?.id ?? afterId, skipped: afterId ? 3 : 0 };
  };
  return { live: { tail }, asked };
}

it('a first look gives the last lines, and has missed nothing', async () => {
  const { live } = tailOf(500);
  const { lines, skipped, lastId } = await readTail(live, query, limits);
  expect([lines.length, lines[0]?.id, lastId, skipped]).toEqual([50, '451', '500', 0]);
});

it('a later one gives the newest of what came, and counts the others', async () => {
  const { live, asked } = tailOf(501);
  const { lines, skipped, lastId } = await readTail(live, { ...query, afterId: '1' }, limits);
  expect([lines.length, lines[0]?.id, lastId]).toEqual([50, '452', '501']);
  expect(skipped).toBe(450 + 3 * asked.length);
});

it('reads so much at once and no more, and goes on behind it', async () => {
  const { live } = tailOf(3_001);
  const first = await readTail(live, { ...query, afterId: '1' }, limits);
  expect(first.lastId).toBe('1001');
  const second = await readTail(live, { ...query, afterId: first.lastId }, limits);
  expect(second.lastId).toBe('2001');
});

it('keeps within its bytes, the newest first', async () => {
  const { live } = tailOf(40, 'x'.repeat(4_000));
  const { lines, skipped } = await readTail(live, { ...query, afterId: '1' }, limits);
  expect(JSON.stringify(lines).length).toBeLessThanOrEqual(limits.bytesMax + 1_000);
  expect(lines.at(-1)?.id).toBe('40');
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.length + skipped).toBe(39 + 3);
});

it('counts what finds no room as skipped, and goes on', async () => {
  const { live } = tailOf(101);
  const none = { objects: 10, text: 10 };
  const room = new AnswerRoom({ small: none, large: none, turn: async () => {} });
  const batch = await readTail(live, { ...query, afterId: '1' }, { ...limits, room });
  expect(batch).toEqual({ lines: [], skipped: 103, lastId: '101' });
});
