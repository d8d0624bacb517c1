import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * - `pass`: both directions.
 * - `hold`: what the client writes is kept back, also when the client has gone.
 * - `deafen`: what the broker answers is dropped.
 */
export type ProxyMode = 'pass' | 'hold' | 'deafen';

interface Pair {
  client: Socket;
  broker: Socket;
  mode: ProxyMode;
  held: Buffer[];
}

/** Stands in front of one broker. Connections keep the mode in which they began until `set`. */
export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #mode: ProxyMode = 'pass';
  /** Bytes that brokers answered on connections whose client has gone. */
  lateAnswers = 0;

  constructor(target: string) {
    const [host, port] = target.split(':');
    this.#server = createServer((client) => {
      const broker = connect({ host: host as string, port: Number(port) });
      this.#join({ client, broker, mode: this.#mode, held: [] });
    });
  }

  /** Connections. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Bytes kept back. */
  get held(): number {
    let bytes = 0;
    for (const { held } of this.#pairs) for (const chunk of held) bytes += chunk.length;
    return bytes;
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** For open connections too, if asked; what was held stays held. */
  set(mode: ProxyMode, { open }: { open: boolean }): void {
    this.#mode = mode;
    if (open) for (const pair of this.#pairs) pair.mode = mode;
  }

  /** The broker gets what was held; answers how many bytes that is. */
  release(): number {
    let bytes = 0;
    for (const pair of this.#pairs) {
      pair.mode = 'pass';
      for (const chunk of pair.held.splice(0)) {
        bytes += chunk.length;
        pair.broker.write(chunk);
      }
    }
    return bytes;
  }

  /** Breaks every connection in the midst of whatever it carries. */
  cut(): void {
    for (const { client, broker } of this.#pairs) {
      client.destroy();
      broker.destroy();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(pair: Pair): void {
    const { client, broker, held } = pair;
    this.#pairs.add(pair);
    client.on('data', (chunk) => {
      if (pair.mode === 'hold') held.push(chunk);
      else broker.write(chunk);
    });
    broker.on('data', (chunk) => {
      if (client.destroyed) this.lateAnswers += chunk.length;
      else if (pair.mode !== 'deafen') client.write(chunk);
    });
    client.on('error', () => {});
    broker.on('error', () => {});
    // What is held outlives its client: it is on its way to the broker.
    client.on('close', () => held.length === 0 && broker.end());
    broker.on('close', () => {
      client.destroy();
      this.#pairs.delete(pair);
    });
  }
}
