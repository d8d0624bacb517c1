import { createMemoryLiveStore } from '@spillway/store-embedded';
import { lettersOf, readLetter } from '../../../../packages/consumer/src/dead-letter.ts';
import { Item } from '../../../../packages/consumer/src/item.ts';
import { mutateMessage, unpackMessage } from '../delivered.ts';
import { messageDictionary, messageSeeds } from '../message-seeds.ts';
import { demand, type Target } from '../target.ts';

const live = createMemoryLiveStore({ windowMs: 3_600_000 });
let position = 0;

/** What another program may have written: decoded, handed to the live store, made a dead letter. */
export const topic: Target = {
  name: 'topic',
  seeds: messageSeeds,
  mutators: [mutateMessage],
  dictionary: messageDictionary,
  bytesMax: 8 * 1024,
  async run(input) {
    const message = unpackMessage(input, position++);
    readLetter(message);
    const item = new Item(message, 'writer');
    item.decode({ recordsMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY });
    const { decoded } = item;
    if (!decoded) return 'for others';
    await live.apply([decoded]);
    const refused = { status: 'deadLetter', code: 'test', reason: 'all of them' } as const;
    const letters = lettersOf(item, { records: decoded.records.map(() => refused) }, 'writer');
    const all = decoded.records.length + decoded.broken.length;
    demand(letters.length > 0 || all === 0, 'what is refused becomes a letter');
    for (const { value, headers } of letters) {
      const whole = { ...message, topic: 'otlp_logs_dlq', headers, value: Buffer.concat(value) };
      demand(readLetter(whole) !== undefined, 'a letter that was written can be read');
    }
    if (decoded.broken.length > 0) return 'taken, with broken records';
    return all > 0 ? 'taken' : 'taken, empty';
  },
};
