import { join } from 'node:path';
import { type FolderLock, type Journal, openJournal } from '@spillway/journal';
import { type FolderIdentity, readIdentity, takeFolder, writeIdentity } from './folder.ts';
import { gatewaysOf } from './inventory.ts';
import { SpillNotes } from './notes.ts';
import { type Settings, type SpillOptions, settingsOf } from './options.ts';
import { Queues } from './queues.ts';
import { fillQueues } from './scan.ts';
import { Spill } from './spill.ts';
import { Values } from './values.ts';

/**
 * Takes the folder (made if missing) and serves what waits in it, whoever put it there.
 * Throws JournalError 'locked' (naming the folder and the process that has it), 'newer-version',
 * 'not-a-journal', or an error of the operating system.
 */
export async function openSpill(options: SpillOptions): Promise<Spill> {
  const settings = settingsOf(options);
  const lock = await takeFolder(settings.files, settings.dir);
  const journals: Journal[] = [];
  try {
    return await openTaken(settings, lock, journals);
  } catch (error) {
    await Promise.allSettled(journals.map((journal) => journal.close()));
    lock.release();
    throw error;
  }
}

async function openTaken(settings: Settings, lock: FolderLock, journals: Journal[]) {
  const { files, dir, report, gateway, fsync, clock } = settings;
  const former = await readIdentity(new Values({ files, dir, report }), gateway);
  const open = async (name: string, bytesMax: number) => {
    const shared = { files, report, fsync, clock, lock, dir: join(dir, name), bytesMax };
    const { segmentBytes, pendingBytesMax } = settings;
    const journal = await openJournal({ ...shared, segmentBytes, pendingBytesMax });
    journals.push(journal);
    return journal;
  };
  const journal = await open('messages', settings.bytesMax);
  const notes = new SpillNotes(await open('notes', settings.notesBytesMax));
  const queues = new Queues(journal.positions);
  await fillQueues(queues, journal);
  const opens = former.opens + 1;
  await writeIdentity(new Values({ files, dir, report }), { id: former.id, gateway, opens });
  sayTakenOver({ settings, former, queues, notes });
  const values = new Values({ files, dir: join(dir, 'values'), report });
  const [, notesJournal] = journals;
  const close = async () => {
    try {
      await values.settle();
      await journal.close();
      await notesJournal?.close();
    } finally {
      lock.release();
    }
  };
  return new Spill({ settings, id: former.id, opens, journal, queues, notes, values, close });
}

interface TakenOver {
  settings: Settings;
  former: FolderIdentity;
  queues: Queues;
  notes: SpillNotes;
}

function sayTakenOver({ settings, former, queues, notes }: TakenOver): void {
  const gateways = gatewaysOf(queues.all());
  const messages = gateways.reduce((sum, of) => sum + of.messages, 0);
  const bytes = gateways.reduce((sum, of) => sum + of.bytes, 0);
  if (messages === 0 && notes.count === 0) return;
  const { dir, report } = settings;
  const from = former.gateway;
  const message = `${dir}, last used by ${from}, holds ${messages} messages of ${bytes} bytes`;
  report({
    type: 'taken-over',
    ...{ dir, from, messages, bytes, notes: notes.count, gateways, message },
  });
}
