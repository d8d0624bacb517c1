import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A name server for one machine: IPv4 addresses of names, and nothing else (RFC 1035). */
export class DnsServer {
  /** Read at each question. */
  readonly names: Map<string, readonly string[]>;
  readonly #socket: Socket = createSocket('udp4');

  constructor(names: Readonly<Record<string, readonly string[]>>) {
    this.names = new Map(Object.entries(names));
  }

  /** Resolves with its `host:port`. */
  async start(): Promise<string> {
    this.#socket.on('message', (question, { port, address }) => {
      this.#socket.send(this.#answer(question), port, address);
    });
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  stop(): void {
    this.#socket.close();
  }

  #answer(question: Buffer): Buffer {
    const { name, end, type } = questionOf(question);
    const isAddress = type === 1;
    const addresses = isAddress ? (this.names.get(name) ?? []) : [];
    const header = Buffer.alloc(12);
    question.copy(header, 0, 0, 2);
    // A response, authoritative, without an error; one question.
    header.writeUInt16BE(0x8400, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    return Buffer.concat([header, question.subarray(12, end), ...addresses.map(record)]);
  }
}

function questionOf(message: Buffer): { name: string; end: number; type: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** Of the name at byte 12, class IN, for a second. */
function record(address: string): Buffer {
  const head = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4];
  return Buffer.from([...head, ...address.split('.').map(Number)]);
}
