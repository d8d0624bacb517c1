import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '@spillway/native';
import { type Fault, TcpPipe } from './tcp-pipe.ts';

interface Connection {
  client: Socket;
  target: Socket;
  requests: TcpPipe;
  answers: TcpPipe;
  /** Its requests are held, whatever happens to those of others. */
  held: boolean;
}

const pass: Fault = { kind: 'none' };
const drop: Fault = { kind: 'drop' };
const keep: Fault = { kind: 'hold' };

/**
 * Stands in front of one server on 127.0.0.1 and is the network between it and its clients. One
 * fault at a time, for open and new connections alike, until the next one or `heal`.
 */
export class TcpProxy {
  /** `host:port` for the clients; stays the same through cuts. */
  readonly address: string;
  readonly #target: { host: string; port: number };
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #requests = pass;
  #answers = pass;

  private constructor(target: string, port: number) {
    const [host = '', targetPort] = target.split(':');
    this.#target = { host, port: Number(targetPort) };
    this.address = `127.0.0.1:${port}`;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client));
  }

  /** `target`: `host:port`; it need not answer yet. */
  static async start(target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, await freePort());
    await proxy.#listen();
    return proxy;
  }

  /** Open ones, also those of which only one end is left. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Resets every connection and refuses new ones. */
  cut(): void {
    this.#server.close();
    this.#resetAll();
  }

  /** Accepts, swallows everything, the ends of connections too, and answers nothing. */
  blackHole(): void {
    this.#set(drop, drop);
  }

  /** Each byte comes so much later; as many on their way as there are. */
  delay(ms: number): void {
    this.#set({ kind: 'delay', ms }, { kind: 'delay', ms });
  }

  /** For each direction of each connection. */
  slow(bytesPerSecond: number): void {
    this.#set({ kind: 'slow', bytesPerSecond }, { kind: 'slow', bytesPerSecond });
  }

  /** One direction is dead: the server does what it is asked, and nobody hears of it; or the reverse. */
  halfOpen(dead: 'requests' | 'answers' = 'answers'): void {
    this.#set(dead === 'requests' ? drop : pass, dead === 'answers' ? drop : pass);
  }

  /** Keeps what clients send, also when they have gone; `heal` delivers it late. Answers pass. */
  hold(): void {
    this.#set(keep, pass);
  }

  /** As `hold`, on the connections that are open now; new ones work. */
  holdOpen(): void {
    for (const connection of this.#connections) connection.held = true;
  }

  /** As if nothing had been; only connections of which bytes were swallowed are reset. */
  async heal(): Promise<void> {
    for (const connection of this.#connections) connection.held = false;
    this.#set(pass, pass);
    for (const connection of this.#connections) {
      if (connection.requests.lossy || connection.answers.lossy) reset(connection);
    }
    if (!this.#server.listening) await this.#listen();
  }

  async remove(): Promise<void> {
    this.#resetAll();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #listen(): Promise<void> {
    this.#server.listen({ host: '127.0.0.1', port: Number(this.address.split(':')[1]) });
    await once(this.#server, 'listening');
  }

  #set(requests: Fault, answers: Fault): void {
    this.#requests = requests;
    this.#answers = answers;
    for (const connection of this.#connections) {
      connection.requests.wake();
      connection.answers.wake();
    }
  }

  #join(client: Socket): void {
    const target = connect({ ...this.#target, allowHalfOpen: true });
    const connection: Connection = {
      client,
      target,
      requests: new TcpPipe({
        from: client,
        to: target,
        fault: () => this.#requestsOf(connection),
      }),
      answers: new TcpPipe({ from: target, to: client, fault: () => this.#answers }),
      held: false,
    };
    this.#connections.add(connection);
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        if (client.destroyed && target.destroyed) this.#connections.delete(connection);
      });
    }
  }

  #requestsOf({ held }: Connection): Fault {
    return held ? keep : this.#requests;
  }

  #resetAll(): void {
    for (const connection of this.#connections) reset(connection);
  }
}

function reset({ client, target }: Connection): void {
  for (const socket of [client, target]) {
    // Node never closes a socket that is reset after its end.
    if (socket.writableEnded || socket.connecting) socket.destroy();
    else socket.resetAndDestroy();
  }
}
