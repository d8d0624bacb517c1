import type { IncomingMessage } from 'node:http';

/** How long and how much of it is read. */
const lingerMs = 2_000;
const lingerBytesMax = 16 * 1024 * 1024;

/**
 * Reads and drops what is still to come of a request whose answer is written, so that its sender gets
 * to the answer: closing at once would reset the connection (RFC 9112, section 9.6). Calls `onEnd` once,
 * which is to close it: when the client ends, or after two seconds.
 *
 * The connection is taken from Node's HTTP parser, which makes an object of each piece of a chunked
 * body: 64 KiB in chunks of one byte cost it 50 ms.
 */
export function discardRest(request: IncomingMessage, onEnd: () => void): void {
  const { socket } = request;
  // What it has in hand it goes on parsing.
  request.push = () => true;
  socket.removeAllListeners('data');
  let bytes = 0;
  socket.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > lingerBytesMax) socket.pause();
  });
  socket.once('end', onEnd);
  const timer = setTimeout(() => {
    socket.off('end', onEnd);
    onEnd();
  }, lingerMs);
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
}
