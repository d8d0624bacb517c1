import { type Client, errors } from '@elastic/elasticsearch';
import type { StoreError } from '@spillway/store';
import { reasonCharsMax, statusOf, storeErrorOf, unavailable } from '../errors.ts';

export interface BulkLine {
  op: 'create' | 'index';
  index: string;
  id: string;
  /** JSON, made when it is sent: a batch is never all there as text. Throws `TooLargeDocumentError`. */
  document: () => string;
}

/** A document that would be larger than a bulk request may be. */
export class TooLargeDocumentError extends Error {
  override readonly name = 'TooLargeDocumentError';
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

/** Most answers in the answer to a request, whatever each of them says. */
const linesMax = 2_000;

/**
 * One result per line, in order. Sent in requests of at most `bytesMax`, `concurrency` at once; a line
 * that is larger alone is refused. Throws `unavailable` when every request failed; the lines
 * of a request that failed beside others that did not are `retry`.
 */
export async function sendBulk(
  options: BulkOptions,
  lines: readonly BulkLine[],
): Promise<BulkResult[]> {
  const results = new Array<BulkResult>(lines.length);
  const requests = requestsOf(lines, { bytesMax: options.bytesMax, results });
  const failures: StoreError[] = [];
  const work = async () => {
    for (let next = requests.next(); !next.done; next = requests.next()) {
      const failure = await send(options, { lines, ...next.value, results });
      if (failure) failures.push(failure);
      // A server that does not answer is not asked once for each request.
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

interface BulkRequest {
  /** Indexes of its lines. */
  indexes: readonly number[];
  body: Buffer;
}

/** One after the other, each made when it is asked for. What is too large for any is refused here. */
function* requestsOf(
  lines: readonly BulkLine[],
  { bytesMax, results }: { bytesMax: number; results: BulkResult[] },
): Generator<BulkRequest> {
  let [indexes, parts, bytes]: [number[], Buffer[], number] = [[], [], 0];
  for (const [index, line] of lines.entries()) {
    const part = partOf(line, bytesMax);
    if (!part) {
      results[index] = refusedAs(`one document alone is larger than bulkBytesMax, ${bytesMax}`);
      continue;
    }
    if (indexes.length > 0 && (bytes + part.length > bytesMax || indexes.length === linesMax)) {
      yield { indexes, body: Buffer.concat(parts) };
      [indexes, parts, bytes] = [[], [], 0];
    }
    indexes.push(index);
    parts.push(part);
    bytes += part.length;
  }
  if (indexes.length > 0) yield { indexes, body: Buffer.concat(parts) };
}

/** Undefined when it is too large. */
function partOf({ op, index, id, document }: BulkLine, bytesMax: number): Buffer | undefined {
  try {
    const head = `{"${op}":{"_index":"${index}","_id":${JSON.stringify(id)}}}`;
    const part = Buffer.from(`${head}\n${document()}\n`);
    return part.length > bytesMax ? undefined : part;
  } catch (error) {
    if (error instanceof TooLargeDocumentError) return undefined;
    throw error;
  }
}

function refusedAs(reason: string): BulkResult {
  return { status: 'refused', code: 'too-large', reason };
}

interface Sending extends BulkRequest {
  lines: readonly BulkLine[];
  results: BulkResult[];
}

/** Fills the results of the request's lines; answers with the failure of it as a whole. */
async function send(
  options: BulkOptions,
  { lines, indexes, body, results }: Sending,
): Promise<StoreError | undefined> {
  try {
    const items = await request(options.client, body, indexes.length);
    for (const [i, item] of items.entries()) results[indexes[i] as number] = resultOf(item);
    return undefined;
  } catch (error) {
    if (statusOf(error) !== 413 && !(error instanceof errors.RequestAbortedError)) {
      return storeErrorOf(error);
    }
    if (indexes.length === 1) {
      const reason = 'one document alone is larger than the server takes (http.max_content_length)';
      results[indexes[0] as number] = refusedAs(reason);
      return undefined;
    }
    return await sendHalves(options, { lines, indexes, results });
  }
}

async function sendHalves(
  options: BulkOptions,
  { lines, indexes, results }: Omit<Sending, 'body'>,
): Promise<StoreError | undefined> {
  const middle = indexes.length >> 1;
  for (const half of [indexes.slice(0, middle), indexes.slice(middle)]) {
    const parts = half.map((index) => partOf(lines[index] as BulkLine, options.bytesMax));
    const body = Buffer.concat(parts as Buffer[]);
    const failure = await send(options, { lines, indexes: half, body, results });
    if (failure) return failure;
  }
  return undefined;
}

interface BulkItem {
  status: number;
  error?: { type?: string; reason?: string; caused_by?: { reason?: string } };
}

const filterPath = ['status', 'error.type', 'error.reason', 'error.caused_by.reason']
  .map((field) => `items.*.${field}`)
  .join();

async function request(client: Client, body: Buffer, lines: number): Promise<BulkItem[]> {
  const answer = await client.transport.request<{ items: Record<string, BulkItem>[] }>({
    method: 'POST',
    path: '/_bulk',
    querystring: { filter_path: filterPath },
    bulkBody: body as unknown as string,
  });
  const items = answer.items.flatMap((item) => Object.values(item));
  if (items.length === lines) return items;
  throw unavailable(`${items.length} answers to ${lines} documents`);
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
