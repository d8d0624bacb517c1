import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { startKafka } from '@spillway/native';

type Servers = Awaited<ReturnType<typeof startKafka>>;

/** Where a record batch says how many bytes follow, and how many it takes to say so. */
const [lengthOffset, batchHeadBytes] = [8, 12];
/** What a broker would trust instead of reading the segment again. */
const derived = /\.(index|timeindex|txnindex|snapshot)$|^leader-epoch-checkpoint$/;
const checkpoints = /^(\.kafka_cleanshutdown|.*-checkpoint)$/;

/** A broker of its own. */
export class KafkaTopics {
  readonly env: Readonly<Record<string, string>>;
  readonly #servers: Servers;
  readonly #dir: string;

  private constructor(servers: Servers, dir: string) {
    this.#servers = servers;
    this.#dir = dir;
    this.env = {
      SPILLWAY_BROKER_KIND: 'kafka',
      SPILLWAY_BROKER_KAFKA_BOOTSTRAP: servers.bootstrap.join(','),
      SPILLWAY_BROKER_KAFKA_REPLICATION_FACTOR: '1',
      SPILLWAY_BROKER_KAFKA_MIN_INSYNC_REPLICAS: '1',
    };
  }

  static async open(): Promise<KafkaTopics> {
    const dir = mkdtempSync(join(tmpdir(), 'spillway-kafka-'));
    return new KafkaTopics(await startKafka({ dir }), dir);
  }

  /** Cuts the batches off the segment while the broker is down; each request was one batch. */
  async deleteLastMessages(topic: string, count: number): Promise<number> {
    const [server] = this.#servers.servers;
    await server?.stop();
    const segments = filesBelow(this.#dir).filter(
      (file) => file.endsWith('.log') && basename(dirname(file)).startsWith(`${topic}-`),
    );
    const [file] = segments.filter((segment) => readFileSync(segment).length > 0);
    if (!file) throw new Error(`there are no messages of ${topic}`);
    const bytes = readFileSync(file);
    const offsets: number[] = [];
    for (let at = 0; at + batchHeadBytes <= bytes.length; ) {
      const length = bytes.readInt32BE(at + lengthOffset);
      if (length === 0) break; // Preallocated.
      offsets.push(at);
      at += batchHeadBytes + length;
    }
    truncateSync(file, offsets.at(-count) as number);
    const folder = dirname(file);
    for (const name of readdirSync(folder)) if (derived.test(name)) rmSync(join(folder, name));
    for (const name of readdirSync(dirname(folder))) {
      if (checkpoints.test(name)) rmSync(join(dirname(folder), name));
    }
    await server?.start();
    return offsets.length;
  }

  async close(): Promise<void> {
    await this.#servers.remove();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name));
}
