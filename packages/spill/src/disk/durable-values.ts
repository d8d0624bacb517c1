/** Small durable values, each a file of its own: u32 CRC-32C, bytes. */
import { join } from 'node:path';
import { crc32c } from '@node-rs/crc32';
import { type Files, readWhole, replaceWhole } from '@spillway/journal';
import type { SpillReport } from '../events.ts';

const namePattern = /^[a-z0-9][a-z0-9-]{0,63}$/;
const sectorBytes = 512;

export class DurableValues {
  readonly #dir: string;
  readonly #files: Files;
  readonly #report: SpillReport;
  /** The last write of each name: one at a time. */
  readonly #writing = new Map<string, Promise<void>>();

  constructor({ dir, files, report }: { dir: string; files: Files; report: SpillReport }) {
    this.#dir = dir;
    this.#files = files;
    this.#report = report;
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(name);
    const bytes = await readWhole(this.#files, path);
    if (bytes === undefined) return undefined;
    if (bytes.length >= 4 && bytes.readUInt32LE(0) === crc32c(bytes.subarray(4))) {
      return bytes.subarray(4);
    }
    await this.#files.rename(path, `${path}.quarantined`);
    this.#report({ type: 'value-lost', path, message: `${path} is corrupt and was set aside` });
    return undefined;
  }

  async write(name: string, value: Uint8Array): Promise<void> {
    const path = this.#pathOf(name);
    const bytes = Buffer.alloc(4 + value.length);
    bytes.set(value, 4);
    bytes.writeUInt32LE(crc32c(value), 0);
    const before = this.#writing.get(name) ?? Promise.resolve();
    const written = before.catch(() => {}).then(() => this.#replace(path, bytes));
    this.#writing.set(name, written);
    await written;
  }

  /** Resolves when nothing is being written. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#writing.values());
  }

  /**
   * A full disk has no room for a new file: an old one as long is overwritten, where that is one
   * sector and so leaves the old or the new one, too.
   */
  async #replace(path: string, bytes: Uint8Array): Promise<void> {
    try {
      await replaceWhole(this.#files, path, bytes);
    } catch (error) {
      const isFull = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (!isFull || bytes.length > sectorBytes) throw error;
      const before = await readWhole(this.#files, path);
      if (before?.length !== bytes.length) throw error;
      const file = await this.#files.open(path, 'write');
      try {
        await file.write([bytes], 0);
        await file.sync();
      } finally {
        await file.close();
      }
    }
  }

  #pathOf(name: string): string {
    if (namePattern.test(name)) return join(this.#dir, name);
    throw new TypeError(`A value's name must match ${namePattern}; got '${name}'`);
  }
}
