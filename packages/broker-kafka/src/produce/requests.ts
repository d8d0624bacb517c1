import type { Link } from './link.ts';
import type { Batch } from './partition/batch.ts';
import type { Attempt } from './partition/producer-batch.ts';
import type { Route } from './partition/route.ts';

/** One batch of one partition, on its way. */
export interface Sent {
  route: Route;
  attempt: Attempt<Batch>;
}

/** Brokers take requests up to `socket.request.max.bytes`, 100 MiB by default. */
const requestBytesMax = 32 * 1024 * 1024;

/** What is to be sent now, gathered into few requests: one batch per partition in each. */
export class Requests {
  readonly #byLink = new Map<Link, Sent[][]>();

  /** `turn`: how many batches of its partition go before it. */
  add(link: Link, turn: number, sent: Sent): void {
    const requests = this.#byLink.get(link) ?? [];
    this.#byLink.set(link, requests);
    const request = requests[turn] ?? [];
    requests[turn] = request;
    request.push(sent);
  }

  /** In the order in which each link is to carry them. */
  *[Symbol.iterator](): Generator<[Link, Sent[]]> {
    for (const [link, requests] of this.#byLink) {
      for (const request of requests) {
        for (const part of cutByBytes(request)) yield [link, part];
      }
    }
  }
}

function cutByBytes(request: readonly Sent[]): Sent[][] {
  const parts: Sent[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const sent of request) {
    const more = sent.attempt.batch.records.batchBytes;
    if (bytes + more > requestBytesMax) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(sent);
    bytes += more;
  }
  return parts;
}
