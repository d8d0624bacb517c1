import { readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { PGlite } from '@electric-sql/pglite';
import type { Ground } from './ground.ts';

const [entryHeaderBytes, segmentHeadBytes] = [24, 80];

/** Everything in the data folder. */
export class EmbeddedGround implements Ground {
  readonly env = {};
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async deleteRows(table: string, count: number): Promise<void> {
    const database = await PGlite.create({ dataDir: join(this.#dir, 'postgres/data') });
    await database.query(
      `DELETE FROM ${table} WHERE key IN (SELECT key FROM ${table} LIMIT ${count})`,
    );
    await database.close();
  }

  async deleteLogDocuments(count: number): Promise<void> {
    const instance = await DuckDBInstance.create(join(this.#dir, 'search/search.duckdb'));
    const connection = await instance.connect();
    await connection.run(
      `DELETE FROM log_record WHERE key IN (SELECT key FROM log_record LIMIT ${count})`,
    );
    connection.closeSync();
    instance.closeSync();
  }

  async deleteSearchStore(): Promise<void> {
    rmSync(join(this.#dir, 'search'), { recursive: true });
  }

  async deleteLastMessages(topic: string, count: number): Promise<number> {
    const folder = join(this.#dir, 'log/topics', topic);
    const [partition] = readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((dir) =>
        segmentsOf(dir).some((file) => readFileSync(file).length > segmentHeadBytes),
      );
    const file = segmentsOf(partition as string).at(-1) as string;
    const bytes = readFileSync(file);
    const offsets: number[] = [];
    for (let at = segmentHeadBytes; at + entryHeaderBytes <= bytes.length; ) {
      offsets.push(at);
      at += entryHeaderBytes + bytes.readUInt32LE(at + 8);
    }
    truncateSync(file, offsets.at(-count) as number);
    return offsets.length;
  }

  async refresh(): Promise<void> {}

  async close(): Promise<void> {}
}

function segmentsOf(dir: string): string[] {
  const names = readdirSync(dir).filter((name) => name.endsWith('.log'));
  return names.sort().map((name) => join(dir, name));
}
