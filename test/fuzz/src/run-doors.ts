import { setTimeout as sleep } from 'node:timers/promises';
import { packBatch, unpackBatch } from './batch.ts';
import { readCorpus } from './corpus.ts';
import type { Door, Heard } from './doors/door.ts';
import type { Finding } from './finding.ts';
import { doorHangCpuMs, spillwayRssBytesMax } from './limits.ts';
import { Pool } from './pool.ts';
import { Random } from './random.ts';
import type { Total } from './run-inside.ts';
import { WatchedSpillway } from './watched-spillway.ts';

export interface DoorsOptions {
  doors: readonly { door: Door; inputs: number }[];
  seed: number;
  /** Only this one: alone, or a batch in its order. */
  input?: Uint8Array | undefined;
  onFinding: (finding: Finding) => void;
  onProgress: (total: Total) => void;
}

/** Of one door so many crashes are looked into; then the next one has its turn. */
const crashesMax = 5;
/** Given before those under way: a crash may come late. */
const recentMax = 64;
/** A crash that an input is to blame for comes within this. */
const blameMs = 300;

/** Gives inputs to the doors of one Spillway, one door after the other; then adds up. */
export async function runDoors(options: DoorsOptions): Promise<{ totals: Total[]; audit: string }> {
  const spillway = new WatchedSpillway({
    rssBytesMax: spillwayRssBytesMax,
    hangCpuMs: doorHangCpuMs,
  });
  const tries: Visit[] = [];
  await spillway.start();
  try {
    for (const { door, inputs } of options.doors) {
      if (inputs === 0) continue;
      const visit = new Visit(spillway, door, inputs, options);
      tries.push(visit);
      await visit.run();
    }
    const audit = await account(spillway, tries, options);
    return { totals: tries.map(({ total }) => total), audit };
  } finally {
    await spillway.kill();
    await spillway.close();
  }
}

/** All that was answered 200 is in the ledger, and the ledger is without a hole. */
async function account(
  spillway: WatchedSpillway,
  tries: readonly Visit[],
  options: DoorsOptions,
): Promise<string> {
  const accepted = tries.reduce((sum, visit) => sum + visit.accepted, 0);
  const perhaps = tries.reduce((sum, visit) => sum + visit.perhaps, 0);
  const { code, accepted: noted, text } = await spillway.audit();
  const isWithin = noted >= accepted && noted <= accepted + perhaps;
  if (code !== 0 || !isWithin) {
    const message = `audit exit ${code}: ${accepted} records answered 200 (and at most ${perhaps} unanswered), the ledger has ${noted}\n${text}`;
    options.onFinding({ target: 'doors', kind: 'audit', message, seed: options.seed, inputs: 0 });
  }
  const most = Math.round(spillway.peakRssBytes / 2 ** 20);
  return `audit exit ${code}: ${accepted} records answered 200, ledger ${noted} (up to ${perhaps} not answered); peak ${most} MiB; ${spillway.starts} start(s)`;
}

/** One door's turn. */
class Visit {
  readonly total: Total;
  accepted = 0;
  perhaps = 0;
  readonly #spillway: WatchedSpillway;
  readonly #door: Door;
  readonly #inputs: number;
  readonly #options: DoorsOptions;
  readonly #pool: Pool;
  readonly #shapes = new Set<string>();
  readonly #underWay = new Set<Uint8Array>();
  #recent: Uint8Array[] = [];
  #given = 0;
  #crashes = 0;

  constructor(spillway: WatchedSpillway, door: Door, inputs: number, options: DoorsOptions) {
    this.#spillway = spillway;
    this.#door = door;
    this.#options = options;
    const only = options.input && unpackBatch(Buffer.from(options.input));
    this.#inputs = only?.length ?? inputs;
    this.#pool = new Pool({
      ...door,
      seeds: only ?? [...door.seeds, ...readCorpus(door.name)],
      random: new Random(options.seed),
    });
    this.total = {
      target: door.name,
      inputs: 0,
      outcomes: {},
      places: 0,
      peakRssBytes: 0,
      kept: [],
    };
  }

  async run(): Promise<void> {
    while (this.#given < this.#inputs && this.#crashes < crashesMax) {
      const clients = Array.from({ length: this.#door.clients }, () => this.#client());
      await Promise.all(clients);
      // A crash is seen a moment after the answer that did not come.
      await sleep(blameMs);
      if (this.#spillway.trouble) await this.#lookInto();
    }
    const { slip } = this.#spillway;
    if (slip !== undefined) {
      this.#find('error', slip, packBatch(this.#recent));
      await this.#restart();
    }
    this.total.peakRssBytes = this.#spillway.peakRssBytes;
    this.total.places = this.#shapes.size;
    this.total.kept = this.#pool.kept;
  }

  async #client(): Promise<void> {
    const visitor = this.#door.open(this.#spillway.addresses);
    while (this.#given < this.#inputs && !this.#spillway.trouble) {
      const input = this.#pool.next();
      this.#given++;
      this.#underWay.add(input);
      try {
        this.#note(input, await visitor.give(input));
      } catch (error) {
        visitor.close();
        await sleep(blameMs);
        if (this.#spillway.isAlive && !this.#spillway.trouble)
          this.#find('hang', String(error), input);
        this.#tally('lost');
      }
      this.#underWay.delete(input);
      this.#recent.push(input);
      if (this.#recent.length > recentMax) this.#recent.shift();
    }
    visitor.close();
  }

  #note(input: Uint8Array, heard: Heard): void {
    this.accepted += heard.accepted;
    this.perhaps += heard.perhaps;
    this.#tally(heard.outcome);
    if (heard.wrong !== undefined) this.#find('answer', heard.wrong, input);
    if (this.#shapes.has(heard.shape)) return;
    this.#shapes.add(heard.shape);
    this.#pool.keep(input);
  }

  #tally(outcome: string): void {
    const { outcomes } = this.total;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    this.total.inputs++;
    if (this.total.inputs % 500 === 0) this.#options.onProgress(this.total);
  }

  /** The process is in trouble: starts it anew, and tries whether one input alone does it again. */
  async #lookInto(): Promise<void> {
    const { kind, message } = this.#spillway.trouble as NonNullable<WatchedSpillway['trouble']>;
    this.#crashes++;
    const suspects = [...this.#recent, ...this.#underWay];
    this.#underWay.clear();
    this.#recent = [];
    // What was under way may have been accepted.
    for (const input of suspects) this.perhaps += input.length;
    await this.#restart();
    const guilty = this.#options.input ? undefined : await this.#guilty(suspects);
    this.#find(kind, message, guilty ?? packBatch(suspects));
  }

  async #guilty(suspects: readonly Uint8Array[]): Promise<Uint8Array | undefined> {
    for (const input of suspects.toReversed()) {
      const visitor = this.#door.open(this.#spillway.addresses);
      this.perhaps += input.length;
      await visitor.give(input).catch(() => undefined);
      visitor.close();
      await sleep(20);
      if (!this.#spillway.trouble && this.#spillway.isAlive) continue;
      await this.#restart();
      return input;
    }
    return undefined;
  }

  async #restart(): Promise<void> {
    await this.#spillway.kill();
    await this.#spillway.start();
  }

  #find(kind: Finding['kind'], message: string, input: Uint8Array): void {
    const { seed, onFinding } = this.#options;
    onFinding({ target: this.#door.name, kind, message, seed, inputs: this.total.inputs, input });
  }
}
