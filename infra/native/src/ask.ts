import { connect } from 'node:net';

export interface Question {
  port: number;
  send: Uint8Array | string;
  /** Whether these bytes are the whole answer. */
  isWhole: (answer: Buffer) => boolean;
}

const answerTimeoutMs = 2000;

/** Sends bytes to a server of this machine and resolves with its answer. */
export function ask({ port, send, isWhole }: Question): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: answerTimeoutMs });
    let answer = Buffer.alloc(0);
    socket.on('connect', () => socket.write(send));
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (!isWhole(answer)) return;
      resolve(answer);
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error('no answer in time')));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed without an answer')));
  });
}
