import { join } from 'node:path';
import { type FolderLock, type Journal, type JournalEvent, openJournal } from '@spillway/journal';
import { messageOf } from '@spillway/resilience';
import { DurableValues } from './disk/durable-values.ts';
import { type FolderIdentity, readIdentity, takeFolder, writeIdentity } from './disk/folder.ts';
import { SpillNotes } from './disk/notes.ts';
import { type Settings, type SpillOptions, settingsOf } from './options.ts';
import { gatewaysOf } from './queue/inventory.ts';
import { lossOfGap, meansLoss } from './queue/losses.ts';
import { neededFrom, Progress } from './queue/progress.ts';
import { Queues } from './queue/queues.ts';
import { fillQueues, type Unreadable } from './queue/scan.ts';
import { Spill } from './spill.ts';

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

/** What the journal of the messages finds to be gone. */
class Damage {
  found = false;
  positionsLost = false;
  onDamage = () => {};

  note(event: JournalEvent): void {
    if (event.type === 'positions-lost') this.positionsLost = true;
    if (!meansLoss(event)) return;
    this.found = true;
    this.onDamage();
  }
}

async function openTaken(
  settings: Settings,
  lock: FolderLock,
  journals: Journal[],
): Promise<Spill> {
  const { files, dir, report } = settings;
  const former = await readIdentity(new DurableValues({ files, dir, report }), settings.gateway);
  const damage = new Damage();
  const shared = { ...settings, lock };
  const journal = await openJournal({
    ...shared,
    dir: join(dir, 'messages'),
    report: (event) => {
      report(event);
      damage.note(event);
    },
  });
  journals.push(journal);
  const { notesBytesMax } = settings;
  const kept = await openJournal({ ...shared, dir: join(dir, 'notes'), bytesMax: notesBytesMax });
  journals.push(kept);
  const notes = new SpillNotes(kept);
  const queues = new Queues(journal.positions);
  const { gaps, unreadable } = await fillQueues(queues, journal, (one) => setAside(one, settings));
  if (damage.found || unreadable > 0 || journal.start > neededFrom(journal)) {
    // Without positions, what was done long ago cannot be distinguished from what was lost before
    // the first.
    const known = gaps.filter(({ before }) => before !== undefined || !damage.positionsLost);
    for (const gap of known) report(lossOfGap(gap));
  }
  const progress = new Progress({ journal, queues, report });
  await progress.deleteDone();
  const opens = await claim(settings, former);
  sayTakenOver({ settings, former, queues, notes });
  const values = new DurableValues({ files, dir: join(dir, 'values'), report });
  const close = async () => {
    try {
      await progress.stop();
      await values.settle();
      await Promise.all([journal.close(), kept.close()]);
    } finally {
      lock.release();
    }
  };
  const { id } = former;
  const parts = { journal, queues, progress, notes, values };
  const spill = new Spill({ settings, id, opens, ...parts, close });
  damage.onDamage = () => spill.dropLost();
  return spill;
}

/** Kept as values until an operator removes them: they were acknowledged, and cannot be published. */
async function setAside(unreadable: Unreadable, settings: Settings): Promise<void> {
  const { files, dir, report } = settings;
  const { sequence, payload, reason } = unreadable;
  const values = new DurableValues({ files, dir: join(dir, 'values'), report });
  const name = `unreadable-${sequence}`;
  await values.write(name, payload);
  const path = join(dir, 'values', name);
  const message = `entry ${sequence} of ${dir} is no spilled message (${reason}): kept as ${path}`;
  report({ type: 'message-unreadable', path, message });
}

/** A new folder needs its identity; a full disk must not keep an old one from being drained. */
async function claim(settings: Settings, former: FolderIdentity): Promise<number> {
  const { files, dir, report, gateway } = settings;
  const opens = former.opens + 1;
  try {
    await writeIdentity(new DurableValues({ files, dir, report }), {
      id: former.id,
      gateway,
      opens,
    });
  } catch (error) {
    if (former.opens === 0) throw error;
    report({ type: 'owner-not-saved', message: messageOf(error) });
  }
  return opens;
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
  const counts = { messages, bytes, notes: notes.count, gateways };
  report({ type: 'taken-over', dir, from, ...counts, message });
}
