import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { cutConnection } from './cut-connection.ts';
import { discardRest } from './discard-rest.ts';

/** Limits of an HTTP server. */
export interface HttpServerLimits {
  /** Requests of one connection that wait for the answer before them; one more closes it. */
  pipelinedMax?: number;
  /**
   * Answers that clients have not read, of all connections: of the owner that has most of them, the
   * largest is closed first.
   */
  unreadBytesMax?: number;
  /** Who asks: connections of one owner cost no other one's answer. All are one when absent. */
  ownerOf?: (request: IncomingMessage) => string | undefined;
  /** A connection that moves nothing for so long, while nothing is worked on for it, is closed. */
  silenceMs?: number;
}

/**
 * Most requests in one turn of the event loop, so that what else the process does has its turns.
 */
const requestsPerTurn = 2;
const headersMs = 10_000;
const requestMs = 30_000;

const defaults = {
  pipelinedMax: 32,
  unreadBytesMax: 32 * 1_048_576,
  silenceMs: 10_000,
  ownerOf: () => undefined,
} as const;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

interface Connection {
  waiting: Exchange[];
  isBusy: boolean;
  /** Owner of the last answer. */
  owner: string | undefined;
}

/**
 * An HTTP server for questions, beside which other work goes on in the same process: one request of
 * a connection at a time, a few in each turn of the event loop, and no client holds more than its
 * bounded part of memory, whether it sends too much or reads too little. How many connections there
 * may be is bounded by `limitConnections`.
 */
export function createLimitedHttpServer(handler: Handler, limits: HttpServerLimits = {}): Server {
  return new LimitedHttpServer(handler, { ...defaults, ...limits }).server;
}

class LimitedHttpServer {
  readonly server: Server;
  readonly #handler: Handler;
  readonly #limits: Required<HttpServerLimits>;
  readonly #connections = new Map<Socket, Connection>();
  readonly #ready: Exchange[] = [];
  #isPumping = false;

  constructor(handler: Handler, limits: Required<HttpServerLimits>) {
    this.#handler = handler;
    this.#limits = limits;
    this.server = createServer((request, response) => this.#take({ request, response }));
    this.server.headersTimeout = headersMs;
    this.server.requestTimeout = requestMs;
    this.server.keepAliveTimeout = limits.silenceMs;
    this.server.timeout = limits.silenceMs;
    this.server.on('connection', (socket) => this.#open(socket));
    this.server.on('timeout', (socket) => this.#silent(socket));
  }

  #open(socket: Socket): void {
    this.#connections.set(socket, { waiting: [], isBusy: false, owner: undefined });
    socket.once('close', () => this.#connections.delete(socket));
  }

  #take(exchange: Exchange): void {
    const { socket } = exchange.request;
    const connection = this.#connections.get(socket);
    if (!connection || socket.destroyed) return;
    if (exchange.request.headers['transfer-encoding'] !== undefined) {
      connection.isBusy = true;
      refuseUnmeasured(exchange);
      return;
    }
    if (!connection.isBusy) {
      connection.isBusy = true;
      this.#schedule(exchange);
    } else if (connection.waiting.length < this.#limits.pipelinedMax) {
      connection.waiting.push(exchange);
    } else {
      connection.waiting = [];
      cutConnection(exchange.request);
    }
  }

  #schedule(exchange: Exchange): void {
    this.#ready.push(exchange);
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => this.#pump());
  }

  #pump(): void {
    for (const exchange of this.#ready.splice(0, requestsPerTurn)) this.#answer(exchange);
    this.#isPumping = this.#ready.length > 0;
    if (this.#isPumping) setImmediate(() => this.#pump());
  }

  #answer({ request, response }: Exchange): void {
    const { socket } = request;
    if (socket.destroyed) return;
    response.once('prefinish', () => {
      const connection = this.#connections.get(socket);
      if (connection) connection.owner = this.#limits.ownerOf(request);
      this.#shed();
    });
    response.once('finish', () => {
      if (!request.complete) discardRest(request, () => socket.destroySoon());
    });
    response.once('close', () => {
      const connection = this.#connections.get(socket);
      const next = connection?.waiting.shift();
      if (next) this.#schedule(next);
      else if (connection) connection.isBusy = false;
    });
    this.#handler(request, response);
  }

  /** Node calls it when nothing was sent or received for a while. */
  #silent(socket: Socket): void {
    const isWorking = this.#connections.get(socket)?.isBusy && socket.writableLength === 0;
    if (isWorking) socket.setTimeout(this.#limits.silenceMs);
    else socket.destroy();
  }

  /** Closes connections that do not read, until what they leave unread is within the bound. */
  #shed(): void {
    const unread = [...this.#connections]
      .map(([socket, { owner }]) => ({ socket, owner, bytes: socket.writableLength }))
      .filter(({ bytes }) => bytes > 0);
    let bytes = sumOf(unread);
    if (bytes <= this.#limits.unreadBytesMax) return;
    const byOwner = [...Map.groupBy(unread, ({ owner }) => owner).values()];
    for (const own of byOwner) own.sort((a, b) => a.bytes - b.bytes);
    while (bytes > this.#limits.unreadBytesMax) {
      const largest = byOwner.sort((a, b) => sumOf(b) - sumOf(a))[0]?.pop();
      if (!largest) return;
      bytes -= largest.bytes;
      largest.socket.destroy();
    }
  }
}

/** A chunked body may come in crumbs, and nothing that is asked here has a body of unknown length. */
function refuseUnmeasured({ request, response }: Exchange): void {
  const error = {
    code: 'length-required',
    message: 'Content-Length: wanted a number, got a chunked body',
  };
  const text = JSON.stringify({ error });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(411, { ...headers, connection: 'close' }).write(text);
  discardRest(request, () => void response.end());
}

function sumOf(unread: readonly { bytes: number }[]): number {
  return unread.reduce((sum, { bytes }) => sum + bytes, 0);
}
