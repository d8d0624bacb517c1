import type { IncomingMessage } from 'node:http';

/** Node's own state of a connection, which its types do not know. */
interface Parsed {
  parser?: { onIncoming?: unknown } | null;
}

/** What Node's parser takes for «what follows is not HTTP»: it stops there. */
const stop = 2;

/**
 * Destroys the connection of a request, and with it what else was read from it. Node would go on to
 * parse that, up to 64 KiB, and make a request and a response of each that is in it: some 1,800 where
 * a client has sent requests without waiting for answers.
 */
export function cutConnection({ socket }: IncomingMessage): void {
  const { parser } = socket as Parsed;
  if (parser?.onIncoming) parser.onIncoming = () => stop;
  socket.destroy();
}
