import type { AddressInfo, Server } from 'node:net';

/** Rejects where it cannot listen. */
export function listen(server: Server, place: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays: an error while accepting (no file descriptors left) must not end the process.
    server.on('error', reject);
    server.listen(place, resolve);
  });
}

interface Closing {
  /** Lets clients know that they should go; by default nothing does. */
  announce?: () => void;
  /** Ends the connections that are still open at `abort`. */
  cut: () => void;
  abort: AbortSignal;
}

/** Takes no new connection, and resolves when the last one has ended. */
export function close(server: Server, { announce, cut, abort }: Closing): Promise<void> {
  return new Promise((resolve) => {
    abort.addEventListener('abort', cut, { once: true });
    server.close(() => {
      abort.removeEventListener('abort', cut);
      resolve();
    });
    announce?.();
    if (abort.aborted) cut();
  });
}

/** Returns where a server listens, as `127.0.0.1:4318` or `[::1]:4318`; '' while it does not. */
export function addressOf(server: Server, host: string): string {
  const address = server.address() as AddressInfo | null;
  if (!address) return '';
  return `${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}
