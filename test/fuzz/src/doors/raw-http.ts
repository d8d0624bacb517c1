import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  status: number;
  head: string;
  body: Buffer;
}

const answerTimeoutMs = 30_000;

/** HTTP/1.1 by hand over one connection, which is opened anew when it was closed. */
export class RawHttp {
  readonly #port: number;
  #socket: Socket | undefined;
  #got = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  #isClosed = false;
  #isHead = false;

  constructor(address: string) {
    this.#port = Number(new URL(address).port);
  }

  /** Undefined when the connection ended without an answer. Rejects when it cannot be opened. */
  async ask(request: Uint8Array, isHead = false): Promise<RawAnswer | undefined> {
    this.#isHead = isHead;
    const isReused = this.#socket !== undefined && !this.#isClosed;
    const answer = await this.#askOnce(request);
    // It may have been closed after the answer before.
    return answer ?? (isReused ? this.#askOnce(request) : undefined);
  }

  async #askOnce(request: Uint8Array): Promise<RawAnswer | undefined> {
    const socket = await this.#connected();
    socket.write(request);
    const answer = await this.#answer();
    if (answer === undefined || /^connection: *close/im.test(answer.head)) this.close();
    return answer;
  }

  /** Sends bytes, then ends (or resets) the connection; gives all that came back. */
  async say(bytes: Uint8Array, how: 'end' | 'reset'): Promise<string> {
    this.close();
    const socket = await this.#connected();
    if (how === 'reset') {
      await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
      socket.resetAndDestroy();
      this.#socket = undefined;
      return '';
    }
    socket.end(bytes);
    const sinceMs = performance.now();
    while (!this.#isClosed && performance.now() - sinceMs < answerTimeoutMs) await this.#more();
    const said = this.#got.toString('latin1');
    const closed = this.#isClosed;
    this.close();
    if (!closed) throw new Error(`no end of the connection within ${answerTimeoutMs} ms`);
    return said;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#got = Buffer.alloc(0);
  }

  async #connected(): Promise<Socket> {
    if (this.#socket && !this.#isClosed) return this.#socket;
    this.#got = Buffer.alloc(0);
    this.#isClosed = false;
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    socket.on('data', (part: Buffer) => {
      if (socket !== this.#socket) return;
      this.#got = Buffer.concat([this.#got, part]);
      this.#wake?.();
    });
    const onClose = (): void => {
      if (socket !== this.#socket) return;
      this.#isClosed = true;
      this.#wake?.();
    };
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => undefined); // 'close' follows.
    socket.once('close', onClose);
    if (socket.destroyed) onClose();
    return socket;
  }

  async #answer(): Promise<RawAnswer | undefined> {
    const sinceMs = performance.now();
    for (;;) {
      const answer = this.#take();
      if (answer !== undefined) return answer;
      if (this.#isClosed) return undefined;
      if (performance.now() - sinceMs > answerTimeoutMs) {
        throw new Error(`no answer within ${answerTimeoutMs} ms`);
      }
      await this.#more();
    }
  }

  /** The next whole answer; an interim one (1xx) is passed over. */
  #take(): RawAnswer | undefined {
    const end = this.#got.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = this.#got.toString('latin1', 0, end);
    const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1] ?? 0);
    if (status >= 100 && status < 200) {
      this.#got = this.#got.subarray(end + 4);
      return this.#take();
    }
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    const chunked = /^transfer-encoding: *chunked/im.test(head);
    const from = end + 4;
    if (this.#isHead) {
      this.#got = Buffer.alloc(0);
      return { status, head, body: Buffer.alloc(0) };
    }
    if (chunked) return this.#takeChunked(status, head, from);
    const to = from + Number(length ?? 0);
    if (length === undefined && status !== 204 && status !== 304 && !this.#isClosed)
      return undefined;
    if (this.#got.length < to) return undefined;
    const body = this.#got.subarray(from, length === undefined ? this.#got.length : to);
    this.#got = this.#got.subarray(to);
    return { status, head, body };
  }

  #takeChunked(status: number, head: string, from: number): RawAnswer | undefined {
    const end = this.#got.indexOf('0\r\n\r\n', from);
    if (end < 0) return undefined;
    const body = this.#got.subarray(from, end);
    this.#got = this.#got.subarray(end + 5);
    return { status, head, body };
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 500);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
