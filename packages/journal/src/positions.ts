/**
 * Saved positions: a small table of names and sequences, in one file of two slots that are written
 * in turn. A torn write leaves the other slot, so that a save costs one write and one fdatasync
 * and no rename; saves that wait share the next one.
 *
 * A slot, little-endian: u32 magic, u32 CRC-32C of the rest, u32 JSON bytes, u48 generation, JSON.
 */
import { crc32c } from '@node-rs/crc32';
import { messageOf } from '@spillway/resilience';
import { JournalError } from './errors.ts';
import type { Report } from './events.ts';
import { readWhole, replaceWhole } from './files/atomic.ts';
import type { Files, OpenFile } from './files/files.ts';

/** Options of saved positions. */
export interface PositionsOptions {
  files: Files;
  path: string;
  fsync: boolean;
  report: Report;
}

interface Waiter {
  resolve: () => void;
  reject: (error: JournalError) => void;
}

const magic = 0x01534f50;
const slotHeadBytes = 18;
const slotBytesMin = 4096;

/** Opens the saved positions in a folder, or begins an empty set. */
export async function openPositions(options: PositionsOptions): Promise<Positions> {
  const { files, path, report } = options;
  const bytes = await readWhole(files, path);
  const slots = bytes === undefined ? [] : readSlots(bytes);
  const latest = slots.reduce<Slot | undefined>(
    (best, slot) => (slot && slot.generation > (best?.generation ?? -1) ? slot : best),
    undefined,
  );
  if (bytes !== undefined && latest === undefined) {
    await files.rename(path, `${path}.quarantined`);
    const message = `${path} is corrupt: the saved positions are lost, readers start from the beginning`;
    report({ type: 'positions-lost', path, message });
  }
  const table = new Map(Object.entries(latest?.table ?? {}));
  return new Positions({ ...options, table, generation: latest?.generation ?? 0 });
}

/** Positions that survive a crash, by name. */
export class Positions {
  readonly #options: PositionsOptions;
  readonly #table: Map<string, number>;
  #generation: number;
  #file: OpenFile | undefined;
  #slotBytes = 0;
  #waiting: Waiter[] = [];
  #saving: Promise<void> | undefined;
  #closed = false;

  /** Use `openPositions`. */
  constructor(options: PositionsOptions & { table: Map<string, number>; generation: number }) {
    this.#options = options;
    this.#table = options.table;
    this.#generation = options.generation;
  }

  get(name: string): number | undefined {
    return this.#table.get(name);
  }

  entries(): IterableIterator<[string, number]> {
    return this.#table.entries();
  }

  /**
   * All or none of the changes survive a crash; durable when resolved. `undefined` removes a name.
   * Reads see them at once. Rejects with JournalError 'io' or 'closed'; a later save repeats them.
   */
  save(changes: Iterable<readonly [string, number | undefined]>): Promise<void> {
    if (this.#closed) {
      return Promise.reject(new JournalError('closed', `${this.#options.path} is closed`));
    }
    for (const [name, sequence] of changes) {
      if (sequence === undefined) this.#table.delete(name);
      else this.#table.set(name, sequence);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#saving ??= this.#saveAll();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#saving;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #saveAll(): Promise<void> {
    await undefined;
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write();
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        // After a failed fsync the file's state is unknown: the next save writes a new one.
        await this.#file?.close().catch(() => {});
        this.#file = undefined;
        const message = `Positions were not saved: ${messageOf(error)}`;
        const failure = new JournalError('io', message, { cause: error });
        for (const { reject } of waiting) reject(failure);
      }
    }
    this.#saving = undefined;
  }

  async #write(): Promise<void> {
    this.#generation += 1;
    const slot = encodeSlot(this.#table, this.#generation);
    if (this.#file === undefined || slot.length > this.#slotBytes) return this.#replaceFile(slot);
    await this.#file.write([slot], (this.#generation % 2) * this.#slotBytes);
    if (this.#options.fsync) await this.#file.sync();
  }

  async #replaceFile(slot: Buffer): Promise<void> {
    const { files, path } = this.#options;
    await this.#file?.close();
    this.#file = undefined;
    this.#slotBytes = Math.max(slotBytesMin, 2 ** Math.ceil(Math.log2(slot.length)));
    const both = Buffer.alloc(2 * this.#slotBytes);
    slot.copy(both);
    slot.copy(both, this.#slotBytes);
    await replaceWhole(files, path, both);
    this.#file = await files.open(path, 'write');
  }
}

interface Slot {
  generation: number;
  table: Record<string, number>;
}

function encodeSlot(table: Map<string, number>, generation: number): Buffer {
  const json = Buffer.from(JSON.stringify(Object.fromEntries(table)));
  const head = Buffer.alloc(slotHeadBytes);
  head.writeUInt32LE(magic, 0);
  head.writeUInt32LE(json.length, 8);
  head.writeUIntLE(generation, 12, 6);
  head.writeUInt32LE(crc32c(json, crc32c(head.subarray(8))), 4);
  return Buffer.concat([head, json]);
}

function readSlots(bytes: Buffer): (Slot | undefined)[] {
  const half = bytes.length / 2;
  return [readSlot(bytes.subarray(0, half)), readSlot(bytes.subarray(half))];
}

function readSlot(bytes: Buffer): Slot | undefined {
  if (bytes.length < slotHeadBytes || bytes.readUInt32LE(0) !== magic) return undefined;
  const whole = bytes.subarray(8, slotHeadBytes + bytes.readUInt32LE(8));
  if (crc32c(whole) !== bytes.readUInt32LE(4)) return undefined;
  const table = JSON.parse(whole.subarray(slotHeadBytes - 8).toString('utf8'));
  return { generation: bytes.readUIntLE(12, 6), table };
}
