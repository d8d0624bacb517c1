import type { PendingRequest } from './pending-request.ts';

/** Requests that wait to be published, in the order in which they came. */
export class RequestQueue {
  #requests: PendingRequest[] = [];
  /** Bytes of all requests that wait. */
  bytes = 0;

  get isEmpty(): boolean {
    return this.#requests.length === 0;
  }

  add(request: PendingRequest): void {
    this.#requests.push(request);
    this.bytes += request.bytes;
  }

  /**
   * Takes the first of them, as many as fit together, at least one. Those that are cancelled go too,
   * apart.
   */
  take(bytesMax: number): { batch: PendingRequest[]; bytes: number; cancelled: PendingRequest[] } {
    const batch: PendingRequest[] = [];
    const cancelled: PendingRequest[] = [];
    let bytes = 0;
    for (const request of this.#requests) {
      if (request.isCancelled()) cancelled.push(request);
      else if (batch.length > 0 && bytes + request.bytes > bytesMax) break;
      else {
        batch.push(request);
        bytes += request.bytes;
      }
    }
    this.#requests = this.#requests.slice(batch.length + cancelled.length);
    this.bytes -= cancelled.reduce((sum, request) => sum + request.bytes, bytes);
    return { batch, bytes, cancelled };
  }
}
