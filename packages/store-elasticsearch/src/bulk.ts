import type { Client } from '@elastic/elasticsearch';
import { reasonCharsMax, StoreUnavailableError, statusOf, unavailable } from './errors.ts';

export interface BulkLine {
  op: 'create' | 'index';
  index: string;
  id: string;
  /** JSON. */
  document: string;
}

export type BulkResult =
  | { status: 'done' }
  /** Only of `create`: a document of that id is there. */
  | { status: 'exists' }
  | { status: 'retry'; reason: string }
  | { status: 'refused'; code: 'too-large' | 'rejected-by-store'; reason: string };

export interface BulkOptions {
  client: Client;
  bytesMax: number;
  concurrency: number;
}

const perLineBytes = 100;

/**
 * One result per line, in order. Sent in requests of at most `bytesMax`, `concurrency` at once; a
 * larger line goes alone. Throws `StoreUnavailableError` when every request failed; the lines of a
 * request that failed beside others that did not are `retry`.
 */
export async function sendBulk(
  options: BulkOptions,
  lines: readonly BulkLine[],
): Promise<BulkResult[]> {
  const results = new Array<BulkResult>(lines.length);
  const chunks = chunksOf(lines, options.bytesMax);
  const failures: StoreUnavailableError[] = [];
  let next = 0;
  const work = async () => {
    for (let chunk = chunks[next++]; chunk; chunk = chunks[next++]) {
      const failure = await sendChunk(options.client, lines, chunk, results);
      if (failure) failures.push(failure);
      // A server that does not answer is not asked once for each chunk.
      if (failures.length >= options.concurrency) return;
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, work));
  const [failure] = failures;
  if (!failure) return results;
  const reason = failure.message;
  if (results.every((result) => result === undefined)) throw failure;
  return Array.from(results, (result) => result ?? { status: 'retry', reason });
}

interface Chunk {
  from: number;
  to: number;
}

function chunksOf(lines: readonly BulkLine[], bytesMax: number): Chunk[] {
  const chunks: Chunk[] = [];
  let from = 0;
  let bytes = 0;
  for (const [i, { document, id, index }] of lines.entries()) {
    const size = Buffer.byteLength(document) + id.length + index.length + perLineBytes;
    if (i > from && bytes + size > bytesMax) {
      chunks.push({ from, to: i });
      from = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (lines.length > from) chunks.push({ from, to: lines.length });
  return chunks;
}

/** Fills the results of the chunk; answers with the failure of the request as a whole. */
async function sendChunk(
  client: Client,
  lines: readonly BulkLine[],
  chunk: Chunk,
  results: BulkResult[],
): Promise<StoreUnavailableError | undefined> {
  const { from, to } = chunk;
  try {
    const items = await request(client, lines.slice(from, to));
    for (const [i, item] of items.entries()) results[from + i] = resultOf(item);
    return undefined;
  } catch (error) {
    if (statusOf(error) !== 413) return unavailable(error);
    if (to - from === 1) {
      const reason = 'one document alone is larger than the server takes (http.max_content_length)';
      results[from] = { status: 'refused', code: 'too-large', reason };
      return undefined;
    }
    const middle = (from + to) >> 1;
    const first = await sendChunk(client, lines, { from, to: middle }, results);
    return first ?? (await sendChunk(client, lines, { from: middle, to }, results));
  }
}

interface BulkItem {
  status: number;
  error?: { type?: string; reason?: string; caused_by?: { reason?: string } };
}

const filterPath = ['status', 'error.type', 'error.reason', 'error.caused_by.reason']
  .map((field) => `items.*.${field}`)
  .join();

async function request(client: Client, lines: readonly BulkLine[]): Promise<BulkItem[]> {
  let body = '';
  for (const { op, index, id, document } of lines) {
    body += `{"${op}":{"_index":"${index}","_id":${JSON.stringify(id)}}}\n${document}\n`;
  }
  const answer = await client.transport.request<{ items: Record<string, BulkItem>[] }>({
    method: 'POST',
    path: '/_bulk',
    querystring: { filter_path: filterPath },
    bulkBody: body,
  });
  const items = answer.items.flatMap((item) => Object.values(item));
  if (items.length === lines.length) return items;
  throw new StoreUnavailableError(`${items.length} answers to ${lines.length} documents`);
}

function resultOf({ status, error }: BulkItem): BulkResult {
  if (status < 300) return { status: 'done' };
  if (status === 409) return { status: 'exists' };
  const why = error?.caused_by?.reason ?? error?.reason ?? '';
  const reason = `${error?.type ?? status}: ${why}`.slice(0, reasonCharsMax);
  // 403: the index is blocked, because retention drops it or a person did so.
  // The cluster is full of shards: an index of a new day cannot be made until a person makes room.
  const isFull = error?.type === 'validation_exception';
  const isForNow = status === 429 || status >= 500 || status === 403 || status === 404 || isFull;
  if (isForNow) return { status: 'retry', reason };
  return { status: 'refused', code: 'rejected-by-store', reason };
}
