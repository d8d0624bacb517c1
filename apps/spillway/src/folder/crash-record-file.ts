import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CrashRecord } from '@spillway/consumer';
import { type FolderLock, JournalError, nodeFiles } from '@spillway/journal';
import { messageOf } from '@spillway/resilience';
import type { Component, Health } from '@spillway/runtime';

export interface CrashRecordFileOptions {
  crashRecord: CrashRecord;
  /** The data folder. */
  dir: string;
  /** Undefined where this process owns the data folder; else others of its kind may use it, too. */
  kind: string | undefined;
}

const fileName = 'in-hand';
/** Processes of one kind on one data folder. */
const placesMax = 16;

/**
 * The file in which a process remembers what its consumers have in flight, which it finds again at
 * its next start. Of several processes of one kind each has a place of its own, the first that is
 * free.
 */
export class CrashRecordFile implements Component {
  readonly name = 'messages in flight';
  readonly #options: CrashRecordFileOptions;
  #lock: FolderLock | undefined;
  #detail = 'not started';

  constructor(options: CrashRecordFileOptions) {
    this.#options = options;
  }

  /** A folder that cannot be written does not keep consumers from working. */
  async start(): Promise<void> {
    const { crashRecord, dir, kind } = this.#options;
    try {
      const place = kind === undefined ? dir : this.#place(join(dir, fileName, kind));
      crashRecord.open(join(place, fileName));
      this.#detail = 'remembered';
    } catch (error) {
      this.#detail = `not remembered: ${messageOf(error)}`;
    }
  }

  async stop(): Promise<void> {
    this.#options.crashRecord.close();
    this.#lock?.release();
    this.#lock = undefined;
  }

  health(): Health {
    return { ok: true, detail: this.#detail };
  }

  #place(dir: string): string {
    for (let place = 0; ; place++) {
      const path = join(dir, String(place));
      mkdirSync(path, { recursive: true, mode: 0o700 });
      try {
        this.#lock = nodeFiles.lock(path);
        return path;
      } catch (error) {
        const isTaken = error instanceof JournalError && error.code === 'locked';
        if (!isTaken || place + 1 === placesMax) throw error;
      }
    }
  }
}
