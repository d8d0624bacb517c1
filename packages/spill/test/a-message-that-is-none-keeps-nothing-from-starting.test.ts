import { openJournal } from '@spillway/journal';
import { LossyFiles } from '@spillway/journal/lossy-files';
import { expect, test } from 'vitest';
import { dir, drain, message, watched } from './tools.ts';

const options = { bytesMax: 1e6, segmentBytes: 1_500 };

test.each([
  ['cut off', Buffer.from([1, 2, 3])],
  ['with lengths that lie', Buffer.alloc(40, 0xff)],
  ['without a gateway', Buffer.alloc(40)],
])(
  'an intact entry %s is kept aside and told; what is around it is drained',
  async (_, payload) => {
    const files = new LossyFiles();
    const { spill } = await watched(files, options);
    await spill.append([message(0, 1)]);
    await spill.close();
    const journal = await openJournal({ ...options, dir: `${dir}/messages`, files });
    await journal.append([payload]);
    await journal.close();

    const { spill: again, events } = await watched(files, options);
    await again.append([message(0, 2)]);
    expect(await drain(again, 0)).toEqual([1, 2]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'message-unreadable' }));
    expect(await again.readValue('unreadable-1')).toEqual(payload);
  },
);

test('a message that is there twice is drained twice', async () => {
  const files = new LossyFiles();
  const { spill } = await watched(files, options);
  for (const sequence of [1, 3, 3, 4]) await spill.append([message(0, sequence)]);
  await spill.close();

  const { spill: again } = await watched(files, options);
  expect(await drain(again, 0, { bytesMax: 1 })).toEqual([1, 3, 3, 4]);
  expect(again.backlog()).toEqual([]);
});
