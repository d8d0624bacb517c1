import { readDeadLetter } from '@spillway/dead-letters';
import { createMemoryLiveStore } from '@spillway/store-memory';
import { deadLettersOf } from '../../../../packages/consumer/src/dead-letters/dead-letter.ts';
import { mutateMessage, unpackMessage } from '../delivered.ts';
import { messageDictionary, messageSeeds } from '../seeds/message-seeds.ts';
import { handOver } from '../seeds/parts-of.ts';
import { demand, type Target } from '../target.ts';

const live = createMemoryLiveStore({ windowMs: 3_600_000 });
const refused = { status: 'deadLetter', code: 'test', reason: 'all of them' } as const;
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
    readDeadLetter(message);
    const count = { records: 0, broken: 0 };
    const handed = await handOver(message, async (part) => {
      await live.apply([part]);
      count.records += part.records.length;
      count.broken += part.broken.length;
      return { records: part.records.map(() => refused) };
    });
    if (!handed) return 'for others';
    const deadLetters = deadLettersOf(handed.item, handed.outcome, 'writer');
    const all = count.records + count.broken;
    demand(deadLetters.length > 0 || all === 0, 'what is refused becomes a dead letter');
    for (const { value, headers } of deadLetters) {
      const whole = { ...message, topic: 'otlp_logs_dlq', headers, value: Buffer.concat(value) };
      demand(readDeadLetter(whole) !== undefined, 'a dead letter that was written can be read');
    }
    if (count.broken > 0) return 'taken, with broken records';
    return all > 0 ? 'taken' : 'taken, empty';
  },
};
