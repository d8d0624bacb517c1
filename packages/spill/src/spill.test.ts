import { stampHeaders } from '@spillway/broker';
import { LossyFiles } from '@spillway/journal/lossy-files';
import { expect, test } from 'vitest';
import { openSpill, type SpillEvent, type SpilledMessage, type SpillOptions } from './index.ts';

function open(files: LossyFiles, options: Partial<SpillOptions> = {}) {
  return openSpill({ dir: '/spill', gateway: 'gw-1', bytesMax: 1e7, files, ...options });
}

function message(partition: number, sequence: number): SpilledMessage {
  return {
    topic: 'otlp_logs',
    partition,
    key: `t/${partition}`,
    value: [Buffer.from(`value ${partition}/`), Buffer.from(String(sequence))],
    headers: stampHeaders({
      gateway: 'gw-1',
      epoch: 7,
      sequence,
      tenant: 't',
      records: 3,
      receivedMs: 1e12,
    }),
  };
}

const text = (found: SpilledMessage[]) => found.map(({ value }) => Buffer.concat(value).toString());

test('messages come back whole, in order, per partition, and only once handed out', async () => {
  const spill = await open(new LossyFiles());
  await Promise.all([
    spill.append([message(0, 1), message(1, 1)]),
    spill.append([message(0, 2), message(0, 3)]),
  ]);
  const found = await spill.next({ topic: 'otlp_logs', partition: 0 }, 1e6);
  expect(text(found)).toEqual(['value 0/1', 'value 0/2', 'value 0/3']);
  expect(found[0]).toMatchObject({ key: 't/0', headers: message(0, 1).headers });
  expect(await spill.next({ topic: 'otlp_logs', partition: 0 }, 1e6)).toEqual([]);
  await spill.done(found.slice(0, 1));
  spill.release({ topic: 'otlp_logs', partition: 0 });
  const again = await spill.next({ topic: 'otlp_logs', partition: 0 }, 1);
  expect(text(again)).toEqual(['value 0/2']);
  expect(spill.inventory().waiting).toEqual([
    { gateway: 'gw-1', epoch: 7, topic: 'otlp_logs', partition: 0, from: 2, to: 3 },
    { gateway: 'gw-1', epoch: 7, topic: 'otlp_logs', partition: 1, from: 1, to: 1 },
  ]);
  await spill.close();
});

test('what is done stays done over a restart; the rest is said to be taken over', async () => {
  const files = new LossyFiles();
  const first = await open(files);
  await first.append([message(0, 1), message(0, 2), message(1, 1)]);
  await first.done(await first.next({ topic: 'otlp_logs', partition: 0 }, 1));
  const before = first.inventory();
  await first.close();
  const events: SpillEvent[] = [];
  const second = await open(files, { gateway: 'gw-2', report: (event) => events.push(event) });
  expect(second.id).toBe(first.id);
  expect(second.inventory().waiting).toEqual(before.waiting);
  expect(second.inventory().revision).toBeGreaterThan(before.revision);
  expect(events).toMatchObject([
    {
      type: 'taken-over',
      from: 'gw-1',
      messages: 2,
      gateways: [{ gateway: 'gw-1', epoch: 7, messages: 2 }],
    },
  ]);
  await second.close();
});

test('a full disk takes a value in the place of one as long, and leaves another as it was', async () => {
  const files = new LossyFiles();
  const spill = await open(files);
  await spill.writeValue('producer', Buffer.from('epochs to 15'));
  files.spaceBytes = files.paths().reduce((sum, path) => sum + files.bytesOf(path).length, 0);
  await spill.writeValue('producer', Buffer.from('epochs to 31'));
  await expect(spill.writeValue('producer', Buffer.from('epochs to 127'))).rejects.toThrow(
    'ENOSPC',
  );
  await expect(spill.writeValue('other', Buffer.from('new'))).rejects.toThrow('ENOSPC');
  await spill.close();
  files.spaceBytes = Number.POSITIVE_INFINITY;
  const next = await open(files);
  expect(Buffer.from((await next.readValue('producer')) ?? []).toString()).toBe('epochs to 31');
  await next.close();
});
