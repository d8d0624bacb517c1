import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Signal } from '@spillway/otlp';

type Fact = 'sent' | 'acknowledged' | 'refused';

/**
 * What one sender knows by itself, written down line by line before it sends and when it is
 * answered: `sent 1 5` are the records 1 to 5. The counts of the lab come from here.
 */
export class SenderFile {
  readonly #path: string;

  constructor(dir: string, signal: Signal, name: string) {
    this.#path = join(dir, `${name}.${signal}`);
  }

  note(fact: Fact, sequences: readonly number[], answer: number | string = ''): void {
    appendFileSync(this.#path, `${fact} ${sequences[0]} ${sequences.at(-1)} ${answer}\n`);
  }
}

/** A sender's file, read back. Moments are the lines, counted from 1. */
export interface SenderLog {
  name: string;
  signal: Signal;
  /** By sequence: the moment at which it was first sent. */
  sentAt: Map<number, number>;
  /** By sequence: the moment at which it was first acknowledged. */
  acknowledgedAt: Map<number, number>;
  /** How often each answer came; an error's code where none did. */
  answers: Map<string, number>;
}

export function readSenderFiles(dir: string): SenderLog[] {
  return readdirSync(dir).map((file) => {
    const [name = '', signal] = file.split('.');
    return readLog(readFileSync(join(dir, file), 'utf8'), { name, signal: signal as Signal });
  });
}

function readLog(text: string, of: { name: string; signal: Signal }): SenderLog {
  const log: SenderLog = {
    ...of,
    sentAt: new Map(),
    acknowledgedAt: new Map(),
    answers: new Map(),
  };
  for (const [moment, line] of text.split('\n').entries()) {
    const [fact, first, last, answer = ''] = line.split(' ');
    if (!fact) continue;
    if (fact !== 'sent') log.answers.set(answer, (log.answers.get(answer) ?? 0) + 1);
    const at = fact === 'sent' ? log.sentAt : fact === 'acknowledged' ? log.acknowledgedAt : null;
    for (let n = Number(first); at && n <= Number(last); n++) if (!at.has(n)) at.set(n, moment + 1);
  }
  return log;
}
