/**
 * The file operations that the journal is built on: a port, so that tests can put a layer below
 * that loses what was not synced, runs out of space or fails. Errors are those of node:fs.
 */
import fs from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { type FolderLock, lockFolder } from './lock.ts';

/** The file operations that a journal needs. */
export interface Files {
  /** Makes the folder and those above it, durably. */
  mkdir(dir: string): Promise<void>;
  /** Names in the folder; ENOENT when there is none. */
  list(dir: string): Promise<string[]>;
  /** 'create' fails with EEXIST; 'read' and 'write' fail with ENOENT. */
  open(path: string, how: 'read' | 'write' | 'create'): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Makes creations, renames and removals in the folder durable. */
  syncDir(dir: string): Promise<void>;
  /** Throws JournalError 'locked' when another owner, here or in another process, holds it. */
  lock(dir: string): FolderLock;
}

/** An open file of a journal. */
export interface OpenFile {
  size(): Promise<number>;
  /** Fills `into` as far as the file goes; says how many bytes that were. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all parts one after the other; on an error, any prefix may have been written. */
  write(parts: readonly Uint8Array[], position: number): Promise<void>;
  /** fdatasync: the bytes, and the size where it grew. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

const openAsync = promisify(fs.open);
const closeAsync = promisify(fs.close);
const fsyncAsync = promisify(fs.fsync);
const fdatasyncAsync = promisify(fs.fdatasync);
const ftruncateAsync = promisify(fs.ftruncate);
const fstatAsync = promisify(fs.fstat);

/** The file operations of Node.js. */
export const nodeFiles: Files = {
  async mkdir(dir) {
    const made = await fs.promises.mkdir(dir, { recursive: true, mode: 0o700 });
    const last = made === undefined ? dirname(dir) : dirname(made);
    // The folder itself, too, may have been made just before a kill, and not be durable yet.
    for (let at = dirname(dir); at.length >= last.length; at = dirname(at)) {
      await nodeFiles.syncDir(at);
      if (at === dirname(at)) break;
    }
  },
  list: (dir) => fs.promises.readdir(dir),
  async open(path, how) {
    const flags = { read: 'r', write: 'r+', create: 'wx+' }[how];
    // What lies here is what clients sent, so it is for the owner alone.
    return new NodeFile(await openAsync(path, flags, 0o600));
  },
  rename: (from, to) => fs.promises.rename(from, to),
  unlink: (path) => fs.promises.unlink(path),
  async syncDir(dir) {
    const fd = await openAsync(dir, 'r');
    try {
      await fsyncAsync(fd);
    } finally {
      await closeAsync(fd);
    }
  },
  lock: lockFolder,
};

class NodeFile implements OpenFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async size() {
    return (await fstatAsync(this.#fd)).size;
  }

  async read(into: Uint8Array, position: number) {
    let done = 0;
    while (done < into.length) {
      const count = await readSome(this.#fd, into.subarray(done), position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  async write(parts: readonly Uint8Array[], position: number) {
    let rest = parts.filter((part) => part.length > 0);
    let at = position;
    while (rest.length > 0) {
      const written = await writeSome(this.#fd, rest, at);
      at += written;
      rest = dropBytes(rest, written);
    }
  }

  sync() {
    return fdatasyncAsync(this.#fd);
  }

  truncate(bytes: number) {
    return ftruncateAsync(this.#fd, bytes);
  }

  close() {
    return closeAsync(this.#fd);
  }
}

function readSome(fd: number, into: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, into, 0, into.length, position, (error, count) =>
      error ? reject(error) : resolve(count),
    );
  });
}

function writeSome(fd: number, parts: readonly Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.writev(fd, parts, position, (error, count) => (error ? reject(error) : resolve(count)));
  });
}

/** A write may be short (a signal, the kernel's 2 GiB limit): what is left of the parts. */
function dropBytes(parts: Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes;
  for (const [index, part] of parts.entries()) {
    if (left < part.length) return [part.subarray(left), ...parts.slice(index + 1)];
    left -= part.length;
  }
  return [];
}
