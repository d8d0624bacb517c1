import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What happens to the bytes of one direction. `hold` keeps them until the fault is over. */
export type Fault =
  | { kind: 'none' | 'drop' | 'hold' }
  | { kind: 'delay'; ms: number }
  | { kind: 'slow'; bytesPerSecond: number };

/** A reader that is faster than the fault lets bytes through is paused here. */
const queuedBytesMax = 4 * 1_048_576;
const tickMs = 20;

/** One direction of a connection: bytes in order, then the end. */
export class TcpPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #fault: () => Fault;
  readonly #queue: { bytes: Buffer; atMs: number }[] = [];
  #queuedBytes = 0;
  #running = false;
  /** Bytes, or the end, were swallowed: what follows would make no sense to the reader. */
  lossy = false;

  constructor(options: { from: Socket; to: Socket; fault: () => Fault }) {
    this.#from = options.from;
    this.#to = options.to;
    this.#fault = options.fault;
    this.#from.on('data', (bytes) => this.#take(bytes));
    this.#from.on('end', () => this.wake());
    this.#from.on('close', () => this.wake());
  }

  /** To be called when the fault has changed. */
  wake(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  #take(bytes: Buffer): void {
    this.#queue.push({ bytes, atMs: performance.now() });
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes > queuedBytesMax) this.#from.pause();
    this.wake();
  }

  async #run(): Promise<void> {
    let fault = this.#fault();
    for (; fault.kind !== 'hold'; fault = this.#fault()) {
      const next = this.#queue[0];
      if (!next) break;
      const waitMs = fault.kind === 'delay' ? next.atMs + fault.ms - performance.now() : 0;
      if (waitMs > 0) await sleep(Math.min(waitMs, tickMs));
      else if (fault.kind === 'drop' || this.#to.destroyed) this.#lose();
      else await this.#pass(fault.kind === 'slow' ? fault.bytesPerSecond : undefined);
    }
    // In the same turn as the last look at the queue: nothing that comes now is overlooked.
    this.#running = false;
    const ended = this.#from.readableEnded || this.#from.destroyed;
    if (ended && fault.kind !== 'hold') this.#end(fault);
  }

  #lose(): void {
    this.lossy = true;
    this.#shift(Number.POSITIVE_INFINITY);
  }

  async #pass(bytesPerSecond: number | undefined): Promise<void> {
    const pieceBytes = bytesPerSecond ? Math.ceil((bytesPerSecond * tickMs) / 1_000) : undefined;
    const flushed = this.#to.write(this.#shift(pieceBytes ?? Number.POSITIVE_INFINITY));
    if (pieceBytes) await sleep(tickMs);
    const gone = new AbortController();
    const close = () => gone.abort();
    this.#to.once('close', close);
    if (!flushed && !this.#to.destroyed && this.#to.writableNeedDrain) {
      await once(this.#to, 'drain', { signal: gone.signal }).catch(() => {});
    }
    this.#to.off('close', close);
  }

  #shift(bytesMax: number): Buffer {
    const head = this.#queue[0] as { bytes: Buffer; atMs: number };
    const piece = head.bytes.subarray(0, bytesMax);
    head.bytes = head.bytes.subarray(piece.length);
    if (head.bytes.length === 0) this.#queue.shift();
    this.#queuedBytes -= piece.length;
    if (this.#queuedBytes <= queuedBytesMax) this.#from.resume();
    return piece;
  }

  #end(fault: Fault): void {
    if (fault.kind === 'drop') this.lossy = true;
    else if (this.#from.destroyed) this.#to.end(() => this.#to.destroy());
    else this.#to.end();
  }
}
