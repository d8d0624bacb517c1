import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/sys/fs/cgroup';
let made = 0;

/** The same in both versions of the kernel's interface. */
interface Names {
  parent: string;
  limit: string;
  /** Of memory and swap together, or of swap; absent where the kernel has no swap accounting. */
  swap: { name: string; bytes: (limit: number) => number };
  peak: string;
  events: string;
}

const versions: readonly Names[] = [
  {
    parent: join(root, 'memory'),
    limit: 'memory.limit_in_bytes',
    swap: { name: 'memory.memsw.limit_in_bytes', bytes: (limit) => limit },
    peak: 'memory.max_usage_in_bytes',
    events: 'memory.oom_control',
  },
  {
    parent: root,
    limit: 'memory.max',
    swap: { name: 'memory.swap.max', bytes: () => 0 },
    peak: 'memory.peak',
    events: 'memory.events',
  },
];

/** A control group of the kernel whose processes are killed beyond a limit, as in a container. */
export class MemoryGroup {
  readonly #path: string;
  readonly #names: Names;

  /** Throws where this user or this kernel makes none. */
  constructor(bytesMax: number) {
    const names = versions.find(({ parent, limit }) => {
      return existsSync(join(parent, limit)) || existsSync(join(parent, 'cgroup.subtree_control'));
    });
    if (!names) throw new Error(`no control groups at ${root}`);
    this.#names = names;
    const { parent, limit, swap } = names;
    if (parent === root) writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory');
    this.#path = join(parent, `spillway-test-${process.pid}-${made++}`);
    mkdirSync(this.#path);
    writeFileSync(join(this.#path, limit), String(bytesMax));
    if (existsSync(join(this.#path, swap.name))) {
      writeFileSync(join(this.#path, swap.name), String(swap.bytes(bytesMax)));
    }
  }

  /** Runs a command in it. */
  get under(): readonly string[] {
    return ['/bin/sh', '-c', `echo $$ > ${this.#path}/cgroup.procs && exec "$@"`, 'sh'];
  }

  /** What the kernel counted at most, its cache of files among it. */
  get peakBytes(): number {
    return Number(this.#read(this.#names.peak));
  }

  get kills(): number {
    return Number(/^oom_kill (\d+)$/m.exec(this.#read(this.#names.events))?.[1]);
  }

  /** When no process is in it any more. */
  remove(): void {
    rmdirSync(this.#path);
  }

  #read(name: string): string {
    return readFileSync(join(this.#path, name), 'utf8');
  }
}

/** In CI it has to be there; elsewhere it takes root and a kernel that lets it. */
export function memoryGroupOrReason(bytesMax: number): MemoryGroup | string {
  try {
    return new MemoryGroup(bytesMax);
  } catch (error) {
    if (process.env.CI) throw error;
    return (error as Error).message;
  }
}
