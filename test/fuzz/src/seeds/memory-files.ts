import { dirname } from 'node:path';
import { type Files, JournalError, type OpenFile } from '@spillway/journal';

/** Files in memory: fast, and nobody else's. */
export class MemoryFiles implements Files {
  readonly names: Map<string, { bytes: Buffer }>;
  readonly #folders = new Set<string>();
  readonly #locks = new Set<string>();

  constructor(files: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.names = new Map([...files].map(([path, bytes]) => [path, { bytes: Buffer.from(bytes) }]));
    for (const path of files.keys()) this.#addFolders(dirname(path));
  }

  dump(): Map<string, Buffer> {
    return new Map([...this.names].map(([path, { bytes }]) => [path, bytes]));
  }

  async mkdir(dir: string): Promise<void> {
    this.#addFolders(dir);
  }

  async list(dir: string): Promise<string[]> {
    if (!this.#folders.has(dir)) throw failure('ENOENT', dir);
    const inside = [...this.names.keys()].filter((path) => dirname(path) === dir);
    return inside.map((path) => path.slice(dir.length + 1));
  }

  async open(path: string, how: 'read' | 'write' | 'create'): Promise<OpenFile> {
    if (how === 'create') {
      if (this.names.has(path)) throw failure('EEXIST', path);
      this.names.set(path, { bytes: Buffer.alloc(0) });
    }
    const node = this.#node(path);
    return {
      size: async () => node.bytes.length,
      read: async (into, position) => node.bytes.copy(into, 0, position, position + into.length),
      write: async (parts, position) => {
        const bytes = Buffer.concat(parts);
        const grown = Buffer.alloc(Math.max(node.bytes.length, position + bytes.length));
        node.bytes.copy(grown);
        bytes.copy(grown, position);
        node.bytes = grown;
      },
      sync: async () => undefined,
      truncate: async (bytes) => {
        node.bytes = node.bytes.subarray(0, bytes);
      },
      close: async () => undefined,
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.names.set(to, this.#node(from));
    this.names.delete(from);
  }

  async unlink(path: string): Promise<void> {
    this.#node(path);
    this.names.delete(path);
  }

  async syncDir(): Promise<void> {}

  lock(dir: string) {
    if (this.#locks.has(dir)) throw new JournalError('locked', `${dir} is in use`);
    this.#locks.add(dir);
    return { release: () => void this.#locks.delete(dir) };
  }

  #node(path: string): { bytes: Buffer } {
    const node = this.names.get(path);
    if (node === undefined) throw failure('ENOENT', path);
    return node;
  }

  #addFolders(dir: string): void {
    for (let at = dir; at !== dirname(at); at = dirname(at)) this.#folders.add(at);
  }
}

function failure(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
