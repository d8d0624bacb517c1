/**
 * Files in memory, as a disk sees them: what was not synced is lost at a power cut, whole, in part
 * or out of order, and so are names that were made, moved or removed without syncing the folder.
 * Failures can be planted. Shared by the tests of whatever stands on the journal.
 */
import { dirname } from 'node:path';
import { type Files, JournalError, type OpenFile } from '../src/index.ts';
import type { Chance } from './chance.ts';

type Operation =
  | 'write'
  | 'sync'
  | 'truncate'
  | 'create'
  | 'rename'
  | 'unlink'
  | 'syncDir'
  | 'read';

/** Asked before each operation: an error to fail with, or a number of bytes to write before it. */
export type Fault = (
  operation: Operation,
  path: string,
) => { error: Error; bytesWritten?: number } | undefined;

const sectorBytes = 512;

interface Node {
  bytes: Buffer;
  durable: Buffer;
}

export class LossyFiles implements Files {
  readonly #chance: Chance;
  /** What the running system sees, and what the disk would have after a power cut. */
  #names = new Map<string, Node>();
  #durableNames = new Map<string, Node>();
  readonly #folders = new Set<string>();
  readonly #locks = new Set<string>();
  #life = 0;
  fault: Fault = () => undefined;
  /** Bytes that all files together may have; more is ENOSPC. */
  spaceBytes = Number.POSITIVE_INFINITY;

  constructor(chance: Chance = { next: Math.random }) {
    this.#chance = chance;
  }

  /** Whoever uses the files now hears nothing any more; the next one sees what the disk kept. */
  powerCut(): void {
    this.#life += 1;
    this.#locks.clear();
    const kept = new Map(this.#durableNames);
    for (const name of new Set([...this.#names.keys(), ...kept.keys()])) {
      // Each change of a name that was not synced may have happened or not.
      if (this.#names.get(name) === kept.get(name) || this.#chance.next() < 0.5) continue;
      const node = this.#names.get(name);
      if (node === undefined) kept.delete(name);
      else kept.set(name, node);
    }
    for (const node of new Set(kept.values())) {
      node.bytes = this.#survivingBytes(node);
      node.durable = Buffer.from(node.bytes);
    }
    this.#names = kept;
    this.#durableNames = new Map(kept);
  }

  /** kill -9: the page cache stays. */
  kill(): void {
    this.#life += 1;
    this.#locks.clear();
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  bytesOf(path: string): Buffer {
    return this.#node(path).bytes;
  }

  /** Changes a file behind its owner's back. */
  damage(path: string, change: (bytes: Buffer) => Buffer): void {
    const node = this.#node(path);
    node.bytes = change(Buffer.from(node.bytes));
    node.durable = Buffer.from(node.bytes);
  }

  remove(path: string): void {
    this.#names.delete(path);
    this.#durableNames.delete(path);
  }

  async mkdir(dir: string): Promise<void> {
    for (let at = dir; at !== dirname(at); at = dirname(at)) this.#folders.add(at);
  }

  async list(dir: string): Promise<string[]> {
    await this.#begin();
    if (!this.#folders.has(dir)) throw failure('ENOENT', dir);
    return this.paths()
      .filter((path) => dirname(path) === dir)
      .map((path) => path.slice(dir.length + 1));
  }

  async open(path: string, how: 'read' | 'write' | 'create'): Promise<OpenFile> {
    await this.#begin();
    if (how === 'create') {
      this.#fail('create', path);
      if (this.#names.has(path)) throw failure('EEXIST', path);
      this.#names.set(path, { bytes: Buffer.alloc(0), durable: Buffer.alloc(0) });
    }
    return this.#openFile(path, this.#node(path));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#begin();
    this.#fail('rename', from);
    this.#names.set(to, this.#node(from));
    this.#names.delete(from);
  }

  async unlink(path: string): Promise<void> {
    await this.#begin();
    this.#fail('unlink', path);
    this.#node(path);
    this.#names.delete(path);
  }

  async syncDir(dir: string): Promise<void> {
    await this.#begin();
    this.#fail('syncDir', dir);
    for (const name of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      if (dirname(name) !== dir) continue;
      const node = this.#names.get(name);
      if (node === undefined) this.#durableNames.delete(name);
      else this.#durableNames.set(name, node);
    }
  }

  lock(dir: string) {
    if (this.#locks.has(dir)) throw new JournalError('locked', `${dir} is in use`);
    const life = this.#life;
    this.#locks.add(dir);
    return {
      release: () => {
        if (life === this.#life) this.#locks.delete(dir);
      },
    };
  }

  #openFile(path: string, node: Node): OpenFile {
    const life = this.#life;
    const begin = () => this.#begin(life);
    return {
      size: async () => {
        await begin();
        return node.bytes.length;
      },
      read: async (into, position) => {
        await begin();
        this.#fail('read', path);
        return node.bytes.copy(into, 0, position, position + into.length);
      },
      write: async (parts, position) => {
        await begin();
        const planted = this.fault('write', path);
        const bytes = Buffer.concat(parts);
        const room = this.spaceBytes - this.#usedBytes() + (node.bytes.length - position);
        const most = planted ? (planted.bytesWritten ?? 0) : Math.max(0, room);
        writeAt(node, bytes.subarray(0, most), position);
        if (planted) throw planted.error;
        if (most < bytes.length) throw failure('ENOSPC', path);
      },
      sync: async () => {
        await begin();
        this.#fail('sync', path);
        node.durable = Buffer.from(node.bytes);
      },
      truncate: async (bytes) => {
        await begin();
        this.#fail('truncate', path);
        node.bytes = Buffer.from(node.bytes.subarray(0, bytes));
      },
      close: () => begin(),
    };
  }

  /** Lets other work in between; never answers the dead. */
  async #begin(life = this.#life): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (life !== this.#life) await new Promise(() => {});
  }

  #fail(operation: Operation, path: string): void {
    const planted = this.fault(operation, path);
    if (planted !== undefined) throw planted.error;
  }

  #node(path: string): Node {
    const node = this.#names.get(path);
    if (node === undefined) throw failure('ENOENT', path);
    return node;
  }

  #usedBytes(): number {
    let bytes = 0;
    for (const node of this.#names.values()) bytes += node.bytes.length;
    return bytes;
  }

  /** Of what was not synced, each sector is there or not, and the size anything in between. */
  #survivingBytes({ bytes, durable }: Node): Buffer {
    const [shorter, longer] = [bytes.length, durable.length].sort((a, b) => a - b) as [
      number,
      number,
    ];
    const pick = this.#chance.next();
    const size =
      pick < 0.3
        ? durable.length
        : shorter + Math.floor(((pick - 0.3) / 0.7) * (longer - shorter + 1));
    const kept = Buffer.alloc(size);
    durable.copy(kept);
    for (let from = 0; from < size; from += sectorBytes) {
      const to = Math.min(from + sectorBytes, size);
      if (from >= bytes.length || this.#chance.next() < 0.5) continue;
      bytes.copy(kept, from, from, Math.min(to, bytes.length));
    }
    return kept;
  }
}

export function failure(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: planted, ${path}`), { code });
}

function writeAt(node: Node, bytes: Buffer, position: number): void {
  const grown = Buffer.alloc(Math.max(node.bytes.length, position + bytes.length));
  node.bytes.copy(grown);
  bytes.copy(grown, position);
  node.bytes = grown;
}
