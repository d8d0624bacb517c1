import { readFileSync } from 'node:fs';
import type { Client } from '@spillway/redis';

const script = readFileSync(new URL('./lua/board.lua', import.meta.url), 'utf8');
/** Bounds a board when many processes come and go; a note more is not taken. */
const notesMax = 2_000;

/** A note of any process, as it is read. */
export interface Note {
  field: string;
  /** When it became true, in milliseconds since 1970 by the clock of Redis. */
  sinceMs: number;
  text: string;
}

/** A note of this process, to be written or repeated. */
export interface OwnNote {
  field: string;
  /** For how long it has been true. */
  ageMs: number;
  text: string;
}

interface SharedNotesOptions {
  client: Client;
  key: string;
  /** How long a note lasts after it was last written. */
  windowMs: number;
}

/** Notes of many processes in one hash of Redis: written, withdrawn and read in one call. */
export class SharedNotes {
  readonly #options: SharedNotesOptions;

  constructor(options: SharedNotesOptions) {
    this.#options = options;
  }

  async publish(own: readonly OwnNote[], withdrawn: readonly string[] = []): Promise<void> {
    await this.#call(own, withdrawn, false);
  }

  /** Publishes, then reads the notes of all processes. */
  async exchange(own: readonly OwnNote[], withdrawn: readonly string[] = []): Promise<Note[]> {
    const [, ...reply] = await this.#call(own, withdrawn, true);
    const notes: Note[] = [];
    for (let i = 0; i < reply.length; i += 2) {
      const value = String(reply[i + 1]);
      const [head = '', since] = /^\d+ (-?\d+) /.exec(value) ?? [];
      notes.push({
        field: String(reply[i]),
        sinceMs: Number(since),
        text: value.slice(head.length),
      });
    }
    return notes;
  }

  #call(
    own: readonly OwnNote[],
    withdrawn: readonly string[],
    isRead: boolean,
  ): Promise<(string | number)[]> {
    const { client, key, windowMs } = this.#options;
    const args = [
      windowMs,
      notesMax,
      isRead ? 1 : 0,
      withdrawn.length,
      ...withdrawn,
      ...own.flatMap(({ field, ageMs, text }) => [field, Math.round(ageMs), text]),
    ];
    return client.run((redis) => redis.eval(script, 1, key, ...args) as Promise<string[]>);
  }
}
