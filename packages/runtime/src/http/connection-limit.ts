import type { Server, Socket } from 'node:net';

/** Options of a limit of open connections. */
export interface ConnectionLimitOptions {
  connectionsMax: number;
  /** Monotonic milliseconds. */
  nowMs?: () => number;
  /** How often it looks which connections are in use. */
  lookEveryMs?: number;
}

interface Known {
  bytes: number;
  /** When bytes were last seen to pass, or it was opened. */
  activeMs: number;
}

/**
 * Bounds the open connections of a server without shutting anybody out: at the bound, the one over
 * which no byte has passed for longest is closed for the one that comes. Idle connections, held in
 * number, so cost their holder and not the next client. Whoever sends or is sent to stays.
 */
export function limitConnections(server: Server, options: ConnectionLimitOptions): void {
  const { connectionsMax, nowMs = () => performance.now(), lookEveryMs = 1_000 } = options;
  const open = new Map<Socket, Known>();
  const look = (): void => {
    const activeMs = nowMs();
    for (const [socket, known] of open) {
      const bytes = bytesOf(socket);
      if (bytes !== known.bytes) open.set(socket, { bytes, activeMs });
    }
  };
  const timer = setInterval(look, lookEveryMs).unref();
  server.once('close', () => clearInterval(timer));
  server.on('connection', (socket: Socket) => {
    if (open.size >= connectionsMax) {
      look();
      const idlest = longestIdle(open);
      if (idlest) {
        open.delete(idlest);
        idlest.destroy();
      }
    }
    open.set(socket, { bytes: bytesOf(socket), activeMs: nowMs() });
    socket.once('close', () => open.delete(socket));
  });
}

/** Those that never sent a byte go first. */
function longestIdle(open: ReadonlyMap<Socket, Known>): Socket | undefined {
  let [silent, quiet]: ([Socket, Known] | undefined)[] = [];
  for (const each of open) {
    const [socket, { activeMs }] = each;
    if (socket.bytesRead === 0 && (!silent || activeMs < silent[1].activeMs)) silent = each;
    if (!quiet || activeMs < quiet[1].activeMs) quiet = each;
  }
  return (silent ?? quiet)?.[0];
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}
