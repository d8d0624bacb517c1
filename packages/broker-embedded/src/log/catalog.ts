/** The topics of a folder, in `topics.json`. */
import { join } from 'node:path';
import { BrokerError, type TopicSpec } from '@spillway/broker';
import { type Files, readWhole, replaceWhole } from '@spillway/journal';

const namePattern = /^[A-Za-z0-9._-]{1,200}$/;

export class Catalog {
  readonly #files: Files;
  readonly #path: string;
  #topics = new Map<string, number>();

  constructor({ files, dir }: { files: Files; dir: string }) {
    this.#files = files;
    this.#path = join(dir, 'topics.json');
  }

  async load(): Promise<void> {
    const bytes = await readWhole(this.#files, this.#path);
    if (bytes !== undefined) this.#topics = new Map(Object.entries(JSON.parse(bytes.toString())));
  }

  topics(): TopicSpec[] {
    return [...this.#topics].map(([name, partitions]) => ({ name, partitions }));
  }

  /** Throws BrokerError 'unknown-topic'. */
  partitionsOf(topic: string): number {
    const partitions = this.#topics.get(topic);
    if (partitions === undefined) throw new BrokerError('unknown-topic', `No topic ${topic}`);
    return partitions;
  }

  /** What is missing, partitions too. Checks all before it adds any; durable when resolved. */
  async add(topics: readonly TopicSpec[]): Promise<void> {
    const wanted = new Map(this.#topics);
    for (const { name, partitions } of topics) {
      checkName(name);
      wanted.set(name, Math.max(partitions, wanted.get(name) ?? 0));
    }
    const isNew = ([name, partitions]: [string, number]) => this.#topics.get(name) !== partitions;
    if (![...wanted].some(isNew)) return;
    const json = JSON.stringify(Object.fromEntries(wanted));
    await replaceWhole(this.#files, this.#path, Buffer.from(json));
    this.#topics = wanted;
  }
}

/** Throws the `BrokerError` `bad-name` for what cannot be the name of a topic or group. */
export function checkName(name: string): void {
  if (namePattern.test(name) && !/^\.+$/.test(name)) return;
  throw new BrokerError('bad-name', `${JSON.stringify(name)} is not a name of a topic or group`);
}
