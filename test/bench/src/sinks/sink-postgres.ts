import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type PostgresServer, startPostgres } from '@spillway/native';
import type { WriteStore } from '@spillway/store';
import { createPostgresServerStore, postgresSection } from '@spillway/store-postgres';
import { alternate, type Cost, costOf, printCosts } from '../costs.ts';
import { runProgram } from '../run-program.ts';
import { decodedBatches, spansPerBatch } from './sink-batches.ts';

const batches = 30;
const retentionMs = 7 * 86_400_000;
/** That a batch of spans fills; the dimensions are a handful of rows. */
const tables = ['message_applied', 'span', 'span_event', 'span_link'];

/** The write store beside `\copy`, by psql, of the rows that it wrote, into the same tables. */
export async function benchPostgres(): Promise<void> {
  const postgres = await startPostgres({ config: { autovacuum: 'off' } });
  const dir = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  const section = postgresSection.parse({ url: postgres.url });
  const store = createPostgresServerStore({ ...section, retentionMs });
  try {
    await store.start();
    const limit = new CopyLimit(postgres, { dir, schema: section.schema });
    const sides = [
      {
        name: 'store.apply',
        measure: (round: number) => applied({ postgres, store, limit }, round),
      },
      { name: 'psql \\copy of the same rows', measure: () => limit.measure() },
    ];
    const title = `PostgreSQL, batches of ${spansPerBatch} spans, 3 rows each`;
    printCosts(title, 'span', await alternate(sides));
  } finally {
    await store.stop();
    await postgres.remove();
    rmSync(dir, { recursive: true });
  }
}

interface Applying {
  postgres: PostgresServer;
  store: WriteStore;
  limit: CopyLimit;
}

async function applied({ postgres, store, limit }: Applying, round: number): Promise<Cost> {
  const prepared = decodedBatches(batches);
  await limit.clear();
  const cost = await costOf(postgres.server, batches * spansPerBatch, async () => {
    for (const messages of prepared) await store.apply(messages);
  });
  if (round === 0) await limit.dump();
  return cost;
}

class CopyLimit {
  readonly #postgres: PostgresServer;
  readonly #psql: string;
  readonly #dir: string;
  readonly #schema: string;

  constructor(postgres: PostgresServer, { dir, schema }: { dir: string; schema: string }) {
    this.#postgres = postgres;
    // Beside the server: Debian's psql in PATH is a script that looks for the right one first.
    this.#psql = join(dirname(readlinkSync(`/proc/${postgres.server.pid}/exe`)), 'psql');
    this.#dir = dir;
    this.#schema = schema;
  }

  /** A checkpoint, so that each side logs the first change of a page as often. */
  async clear(): Promise<void> {
    await this.#run([`TRUNCATE ${tables.join()};`, 'CHECKPOINT;']);
  }

  async dump(): Promise<void> {
    await this.#run(tables.map((table) => `\\copy (TABLE ${table}) TO '${this.#file(table)}'`));
  }

  async measure(): Promise<Cost> {
    await this.clear();
    return await costOf(this.#postgres.server, batches * spansPerBatch, () =>
      this.#run(tables.map((table) => `\\copy ${table} FROM '${this.#file(table)}'`)),
    );
  }

  #file(table: string): string {
    return join(this.#dir, table);
  }

  async #run(lines: readonly string[]): Promise<void> {
    const args = ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', this.#postgres.url];
    const env = { PGOPTIONS: `-c search_path=${this.#schema}` };
    await runProgram(this.#psql, args, { input: `${lines.join('\n')}\n`, env });
  }
}
