import { readEnvelope, stampHeaders } from '@spillway/broker';
import { JournalError } from '@spillway/journal';
import { openSpill, type Spill, type SpillEvent } from '@spillway/spill';
import { packFiles, unpackFiles } from '../archive.ts';
import { forgeEntry, mutateArchive } from '../mutate/archive.ts';
import { MemoryFiles } from '../seeds/memory-files.ts';
import { demand, type Target } from '../target.ts';

const limits = {
  dir: '/s',
  gateway: 'gw',
  bytesMax: 1_000_000,
  segmentBytes: 1_500,
  clock: () => 1e12,
};
const topic = 'otlp_logs';
const partitions = [0, 1];

/** The files of a spill's folder: it opens, what waits is drained, what is gone is told. */
export async function spill(): Promise<Target> {
  return {
    name: 'spill',
    seeds: [await filled(20), await filled(1)],
    mutators: [mutateArchive, mutateArchive, forgeEntry],
    dictionary: ['SPWL', '.quarantined', '/s/messages/positions', '/s/values/identity'],
    bytesMax: 24 * 1024,
    run: (input) => open(unpackFiles(input)),
  };
}

function message(partition: number, sequence: number) {
  const stamp = { gateway: 'gw', epoch: 7, sequence, tenant: 't', records: 1, receivedMs: 1e12 };
  const value = [Buffer.from(`${partition}/${sequence}`)];
  return { topic, partition, key: `t/${partition}`, headers: stampHeaders(stamp), value };
}

async function filled(messages: number): Promise<Buffer> {
  const files = new MemoryFiles();
  const written = await openSpill({ ...limits, files });
  for (let n = 1; n <= messages; n++)
    await written.append(partitions.map((each) => message(each, n)));
  await written.notes.append(Buffer.from('{"note":1}'));
  await written.writeValue('epoch', Buffer.from('7'));
  await written.done(await written.next({ topic, partition: 0 }, 200));
  await written.close();
  return packFiles(files.dump());
}

async function open(damaged: Map<string, Buffer>): Promise<string> {
  const files = new MemoryFiles(damaged);
  const events: SpillEvent[] = [];
  let opened: Spill;
  try {
    opened = await openSpill({ ...limits, files, report: (event) => void events.push(event) });
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    return `refused: ${error.code}`;
  }
  const waiting = opened.backlog();
  opened.inventory();
  await opened.readValue('epoch');
  await opened.notes.next();
  for (const { topic: of, partition } of waiting) {
    for (let turn = 0; ; turn++) {
      const messages = await opened.next({ topic: of, partition }, 300);
      if (messages.length === 0) break;
      demand(turn < 200, 'draining ends');
      for (const each of messages) readEnvelope({ ...each, position: 0, timestampMs: undefined });
      await opened.done(messages);
    }
  }
  demand(opened.backlog().length === 0, 'what waits is drained, or told as lost');
  const added = await opened.append([message(0, 1_000)]);
  demand(
    added.status === 'durable',
    `a spill that opened takes a message: ${JSON.stringify(added)}`,
  );
  await opened.close();
  const again = await openSpill({ ...limits, files });
  const left = again.stats().messages;
  demand(left === 1, `opened again, what was done is done and what was added waits: ${left}`);
  await again.close();
  return events.some(({ type }) => type !== 'taken-over') ? 'recovered' : 'taken';
}
