import type { Connection } from '@platformatic/kafka';
import { messageOf } from '@spillway/resilience';
import { dropConnection } from './connection.ts';
import { Frames } from './wire/frames.ts';

export interface LinkOptions {
  open: () => Promise<Connection>;
  requestTimeoutMs: number;
  /** It can be written to, for the first time or again after a pause. */
  onReady: () => void;
  /** Called once, after every request was answered with what went wrong. */
  onClosed: (message: string) => void;
}

interface Pending {
  answer: (body: Buffer | Error) => void;
  timer: NodeJS.Timeout;
}

/** The client numbers its own requests from 1: these never meet them. */
const ownIdsFrom = 0x4000_0000;
const idMask = 0x3fff_ffff;
const headBytes = 8;

/**
 * A connection of the client whose socket is written to directly: its own `send` would flatten each
 * request into one more copy. The client connects, speaks TLS, logs in and, when a login is about
 * to expire, logs in again: frames that answer its requests are passed on to it.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #frames = new Frames();
  #connection: Connection | undefined;
  #lastId = 0;
  #closed = false;
  #trouble = 'Connection closed';

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Never rejects: `onReady` or `onClosed` reports the outcome. */
  async open(): Promise<void> {
    try {
      const connection = await this.#options.open();
      if (this.#closed) dropConnection(connection);
      else this.#take(connection);
    } catch (error) {
      this.close(messageOf(error));
    }
  }

  /** False while the client logs in again: a broker takes nothing else meanwhile. */
  get ready(): boolean {
    return !this.#closed && this.#connection?.status === 'connected';
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Writes a request; `answer` gets its response without head, or why there is none. */
  send(
    encode: (correlationId: number) => readonly Uint8Array[],
    answer: (body: Buffer | Error) => void,
  ): void {
    const { requestTimeoutMs } = this.#options;
    const socket = this.#connection?.socket;
    if (socket === undefined) throw new Error('Not connected');
    this.#lastId = (this.#lastId + 1) & idMask;
    const id = ownIdsFrom + this.#lastId;
    const timer = setTimeout(
      () => this.close(`No answer within ${requestTimeoutMs} ms`),
      requestTimeoutMs,
    );
    this.#pending.set(id, { answer, timer });
    // Corked, the parts leave in one system call.
    socket.cork();
    for (const part of encode(id)) socket.write(part);
    socket.uncork();
  }

  /** At once: what is not written yet never will be. */
  close(message: string): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#connection !== undefined) dropConnection(this.#connection);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { answer, timer } of pending) {
      clearTimeout(timer);
      answer(new Error(message));
    }
    this.#options.onClosed(message);
  }

  #take(connection: Connection): void {
    this.#connection = connection;
    const { socket } = connection;
    const theirs = socket.listeners('data');
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => this.#read(chunk, theirs));
    socket.on('error', (error) => {
      this.#trouble = messageOf(error);
    });
    connection.on('close', () => this.close(this.#trouble));
    connection.on('connect', this.#options.onReady);
    this.#options.onReady();
  }

  // biome-ignore lint/complexity/noBannedTypes: listeners() answers them so.
  #read(chunk: Buffer, theirs: readonly Function[]): void {
    try {
      for (const frame of this.#frames.push(chunk)) {
        const id = frame.readInt32BE(4);
        if (id >= ownIdsFrom) this.#answer(id, frame.subarray(headBytes));
        else for (const listener of theirs) listener(frame);
      }
    } catch (error) {
      this.close(messageOf(error));
    }
  }

  #answer(id: number, body: Buffer): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) throw new Error(`An answer to no request: ${id}`);
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    pending.answer(body);
  }
}
