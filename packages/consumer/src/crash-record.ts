import { closeSync, constants, openSync, readFileSync, rmSync, writeSync } from 'node:fs';

export interface CrashRecordOptions {
  /** Monotonic milliseconds. */
  nowMs?: () => number;
  report?: (event: CrashRecordEvent) => void;
}

/** What an operator should know of messages that were in flight at a crash. */
export type CrashRecordEvent =
  /** The process before ended without a word, while it had these in flight: each is read alone now. */
  | { type: 'crashed-in-flight'; messages: number; alone: string | undefined }
  /** Nothing is remembered of what is in flight, until it can be written again. */
  | { type: 'crash-record-not-written'; error: Error };

/** What the file holds. */
interface Written {
  /** Names of the messages in flight. */
  inHand: string[];
  /** How often the process ended while a message was alone in flight. */
  ends: Record<string, number>;
}

/** Ends of the process with a message alone in flight: then it is set aside. */
const endsMax = 2;
/**
 * One that was alone in flight at an end waits so long after the next start. A process that ends again
 * before then does so by something else.
 */
const waitMs = 5_000;
/** Suspects are looked for so long after a start: those that do not come were done. */
const carefulMs = 120_000;
/** Messages set aside that are remembered; the oldest is forgotten, and found again if it must be. */
const asideMax = 1_000;
const lengthBytes = 4;

/**
 * Remembers which messages this process has in flight, so that one that ends its process (an abort,
 * a kill for its memory) is found at the next starts and set aside. What was in flight when it
 * ended is read one by one, and then only one thing is in flight in the whole process: so an end
 * counts for the message that was alone, and a process that is killed from outside amid its work
 * blames no other. Before it is tried again, the process lives some seconds without it: so one that
 * is killed again and again for another reason, however slow its work, does not blame what it
 * happened to begin with.
 *
 * Not synced, so that a note costs some microseconds: a file that was written survives every end of
 * a process, and a power cut is no message's doing.
 */
export class CrashRecord {
  #path: string | undefined;
  readonly #nowMs: () => number;
  readonly #report: (event: CrashRecordEvent) => void;
  #file: number | undefined;
  #hasFailed = false;
  readonly #inHand = new Map<string, number>();
  readonly #ends = new Map<string, number>();
  readonly #suspects = new Set<string>();
  #openedMs = 0;
  #carefulUntilMs = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: CrashRecordOptions = {}) {
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#report = options.report ?? (() => {});
  }

  /** Before anything is in flight. The file is this process's alone; its folder is there. */
  open(path: string): void {
    this.#path = path;
    this.#openedMs = this.#nowMs();
    const { inHand, ends } = this.#read(path);
    for (const [name, times] of Object.entries(ends)) this.#ends.set(name, times);
    const [alone, ...others] = inHand;
    const isAlone = alone !== undefined && others.length === 0;
    if (isAlone) this.#ends.set(alone, (this.#ends.get(alone) ?? 0) + 1);
    for (const name of this.#ends.keys()) {
      if (this.#ends.size <= asideMax) break;
      this.#ends.delete(name);
    }
    for (const name of inHand) this.#suspects.add(name);
    if (this.#suspects.size > 0) {
      this.#carefulUntilMs = this.#openedMs + carefulMs;
      const found = { messages: inHand.length, alone: isAlone ? alone : undefined };
      this.#report({ type: 'crashed-in-flight', ...found });
    }
    this.#write();
  }

  /** After everything in flight is done: the next start has no suspects, yet knows what is set aside. */
  close(): void {
    for (const [name, ends] of this.#ends) if (ends < endsMax) this.#ends.delete(name);
    this.#inHand.clear();
    this.#write();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    if (this.#path !== undefined && this.#ends.size === 0) rmSync(this.#path, { force: true });
    this.#path = undefined;
  }

  /** Whether there are suspects: then nothing is decoded ahead of its turn. */
  get isCareful(): boolean {
    if (this.#suspects.size > 0 && this.#nowMs() > this.#carefulUntilMs) this.#suspects.clear();
    return this.#suspects.size > 0;
  }

  /** It was in flight when the process ended: it is read alone. */
  isSuspect(name: string): boolean {
    return this.isCareful && this.#suspects.has(name);
  }

  /** Whether there are messages that must not be in flight yet. */
  get haveToWait(): boolean {
    return this.#ends.size > 0 && this.#nowMs() - this.#openedMs < waitMs;
  }

  /** It may be what ended the process before, and this one has not lived long enough without it. */
  hasToWait(name: string): boolean {
    return this.haveToWait && this.#ends.has(name) && this.crashesWith(name) === undefined;
  }

  /** How often the process ended with it alone in flight, when that is often enough to set it aside. */
  crashesWith(name: string): number | undefined {
    const ends = this.#ends.get(name) ?? 0;
    return ends >= endsMax ? ends : undefined;
  }

  /** Runs what has the messages in flight; alone in this process while there are suspects. */
  async run<T>(names: readonly string[], run: () => Promise<T>): Promise<T> {
    if (!this.isCareful) return await this.#run(names, run);
    const turn = this.#turn.then(() => this.#run(names, run));
    this.#turn = turn.catch(() => undefined);
    return await turn;
  }

  /** Takes them into the hand until `release`. */
  take(names: readonly string[]): void {
    for (const name of names) this.#inHand.set(name, (this.#inHand.get(name) ?? 0) + 1);
    this.#write();
  }

  release(names: readonly string[]): void {
    for (const name of names) {
      const holders = (this.#inHand.get(name) ?? 0) - 1;
      if (holders > 0) this.#inHand.set(name, holders);
      else this.#inHand.delete(name);
    }
    this.#write();
  }

  async #run<T>(names: readonly string[], run: () => Promise<T>): Promise<T> {
    this.take(names);
    try {
      return await run();
    } finally {
      this.release(names);
    }
  }

  /** Done with: whatever ends the process now, it was not this. */
  succeeded(names: readonly string[]): void {
    if (this.#suspects.size + this.#ends.size === 0) return;
    for (const name of names) {
      this.#suspects.delete(name);
      // What is set aside stays so: another consumer, or the next start, reads it again.
      if (this.crashesWith(name) === undefined) this.#ends.delete(name);
    }
  }

  #read(path: string): Written {
    const nothing = { inHand: [], ends: {} };
    try {
      const bytes = readFileSync(path);
      const end = lengthBytes + bytes.readUInt32LE(0);
      return { ...nothing, ...JSON.parse(bytes.toString('utf8', lengthBytes, end)) };
    } catch {
      // Not there, or cut short by the disk: then no message is suspected.
      return nothing;
    }
  }

  #write(): void {
    if (this.#path === undefined) return;
    const written: Written = {
      inHand: [...this.#inHand.keys()],
      ends: Object.fromEntries(this.#ends),
    };
    const json = Buffer.from(JSON.stringify(written));
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt32LE(json.length);
    try {
      // Not emptied: what it says holds until it is written over.
      this.#file ??= openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
      // One call: an end of the process finds it done or not begun.
      writeSync(this.#file, Buffer.concat([length, json]), 0, lengthBytes + json.length, 0);
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed)
        this.#report({ type: 'crash-record-not-written', error: error as Error });
      this.#hasFailed = true;
    }
  }
}
