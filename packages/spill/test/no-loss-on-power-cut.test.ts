import { type Chance, chanceOf } from '@spillway/journal/chance';
import { failure, LossyFiles } from '@spillway/journal/lossy-files';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Spill, SpillEvent, SpilledMessage } from '../src/index.ts';
import { drain, message, open, sequencesIn, sequencesOf, topic, turn } from './tools.ts';

const partitions = 3;
const lives = 5;

interface Conditions {
  seed: number;
  fsync: boolean;
  /** Of an operation on the disk failing. */
  faultChance: number;
}

const propertyOf = (conditions: Omit<Conditions, 'seed'>) =>
  fc.asyncProperty(fc.integer(), (seed) => survives({ seed, ...conditions }));

test('all that is acknowledged survives power cuts and kills, in order, handed out once', () =>
  fc.assert(propertyOf({ fsync: true, faultChance: 0 }), { numRuns: 25 }));

test('so it does while writes and fsyncs fail', () =>
  fc.assert(propertyOf({ fsync: true, faultChance: 0.08 }), { numRuns: 25 }));

test('without fsync the same fails: the disk below loses what was not synced', async () => {
  const details = await fc.check(propertyOf({ fsync: false, faultChance: 0 }), { numRuns: 50 });
  expect(String(details.errorInstance)).toContain('is lost');
});

/** What must be true of one partition, whatever happens to the spill. */
class Model {
  readonly acknowledged = new Set<number>();
  /** On the broker, whether the spill remembers it or not. */
  readonly done = new Set<number>();
  readonly refused = new Set<number>();
  /** In the spill, as far as this life of it was told. */
  waiting = new Set<number>();
  /** `done` has resolved for all with smaller sequences. */
  savedTo = 0;
  next = 1;
  /** The last handed out since the last release. */
  last = 0;

  begin(found: readonly number[]): void {
    this.waiting = new Set(found);
    this.last = 0;
    for (const sequence of this.acknowledged) {
      const kept = this.done.has(sequence) || this.waiting.has(sequence);
      if (!kept) throw new Error(`${sequence} is lost`);
    }
    for (const [i, sequence] of found.entries()) {
      if (this.refused.has(sequence)) throw new Error(`${sequence} was refused, and is back`);
      const known = this.done.has(sequence) && sequence < this.savedTo;
      if (known) throw new Error(`${sequence} was done, and is back`);
      if (i > 0 && sequence <= (found[i - 1] as number)) throw new Error(`${sequence}: order`);
    }
  }

  acknowledge(sequence: number): void {
    this.acknowledged.add(sequence);
    this.waiting.add(sequence);
  }

  checkHandedOut(found: readonly number[]): void {
    for (const sequence of found) {
      if (sequence <= this.last) throw new Error(`${sequence} came after ${this.last}`);
      this.last = sequence;
    }
  }

  /** Call the answer once that is saved. */
  markDone(found: readonly number[]): () => void {
    for (const sequence of found) {
      this.done.add(sequence);
      this.waiting.delete(sequence);
    }
    const doneTo = Math.min(...this.waiting, Math.max(0, ...this.done) + 1);
    return () => {
      this.savedTo = Math.max(this.savedTo, doneTo);
    };
  }
}

/** Throws when a promise is broken. */
async function survives({ seed, fsync, faultChance }: Conditions): Promise<void> {
  const chance = chanceOf(seed);
  const files = new LossyFiles(chance);
  const models = Array.from({ length: partitions }, () => new Model());
  const options = { fsync, bytesMax: 1e9, segmentBytes: 2_000 };
  const strict = faultChance === 0;
  for (let life = 0; life < lives; life += 1) {
    files.fault = () => undefined;
    let failures = 0;
    let dead = false;
    const report = ({ type }: SpillEvent) => {
      if (type === 'done-not-saved') failures += 1;
    };
    const spill = await open(files, { ...options, report });
    for (const [at, model] of models.entries()) model.begin(sequencesIn(spill, at));
    files.fault = faulty(chance, faultChance);
    const failed = Promise.withResolvers<never>();
    const run = (work: Promise<void>) => void work.catch(failed.reject);
    for (let writer = 0; writer < 2; writer += 1) run(write(spill, models, chance, strict));
    for (const [at, model] of models.entries())
      run(drainSome({ spill, model, at, chance, failures: () => failures, dead: () => dead }));
    await Promise.race([turns(chance.next() * 200), failed.promise]);
    dead = true;
    if (chance.next() < 0.7) files.powerCut();
    else files.kill();
  }
  files.fault = () => undefined;
  const spill = await open(files, options);
  for (const [partition, model] of models.entries()) {
    const waiting = sequencesIn(spill, partition);
    model.begin(waiting);
    expect(await drain(spill, partition)).toEqual(waiting);
  }
  expect(spill.backlog()).toEqual([]);
}

function faulty(chance: Chance, faultChance: number): LossyFiles['fault'] {
  return (operation, path) => {
    if (operation === 'read' || chance.next() >= faultChance) return undefined;
    const code = chance.next() < 0.5 ? 'ENOSPC' : 'EIO';
    return { error: failure(code, path), bytesWritten: Math.floor(chance.next() * 200) };
  };
}

async function write(spill: Spill, models: readonly Model[], chance: Chance, strict: boolean) {
  for (;;) {
    const messages: SpilledMessage[] = [];
    for (let left = Math.ceil(chance.next() * 4); left > 0; left -= 1) {
      const partition = Math.floor(chance.next() * partitions);
      const model = models[partition] as Model;
      messages.push(message(partition, model.next, Math.floor(chance.next() ** 3 * 800)));
      model.next += 1;
    }
    const outcome = await spill.append(messages);
    for (const { partition, headers } of messages) {
      const model = models[partition] as Model;
      const sequence = Number(headers['spillway-seq']?.split('/')[2]);
      if (outcome.status === 'durable') model.acknowledge(sequence);
      // After a failed fsync that could not be undone, the next open may find them.
      else if (strict) model.refused.add(sequence);
    }
  }
}

interface Drainer {
  spill: Spill;
  model: Model;
  at: number;
  chance: Chance;
  /** How often what is done could not be saved. */
  failures: () => number;
  dead: () => boolean;
}

async function drainSome({ spill, model, at, chance, failures, dead }: Drainer): Promise<void> {
  const partition = { topic, partition: at };
  for (;;) {
    await turns(chance.next() * 10);
    if (dead()) return;
    const messages = await spill.next(partition, chance.next() * 1_500);
    if (dead()) return;
    const found = sequencesOf(messages);
    model.checkHandedOut(found);
    const dice = chance.next();
    if (dice < 0.2) {
      spill.release(partition);
      model.last = 0;
    } else if (dice < 0.9) {
      const some = messages.filter(() => dice < 0.6 || chance.next() < 0.5);
      const saved = model.markDone(sequencesOf(some));
      const before = failures();
      await spill.done(some);
      if (some.length > 0 && failures() === before) saved();
    }
  }
}

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await turn();
}
