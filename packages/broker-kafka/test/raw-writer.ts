import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const produceKey = 0;
/** The first that takes zstd. */
const version = 7;

/** Another program that writes into topics: batches as they are, to the one broker of a cluster. */
export class RawWriter {
  readonly #socket: Socket;
  readonly #parts: AsyncIterator<Buffer>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#parts = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** @param bootstrap `host:port` */
  static async open(bootstrap: string): Promise<RawWriter> {
    const [host = '', port] = bootstrap.split(':');
    const socket = connect({ host, port: Number(port) });
    await once(socket, 'connect');
    return new RawWriter(socket);
  }

  /** Throws with the number of Kafka's error when it is not taken. */
  async write(topic: string, partition: number, batch: Buffer): Promise<void> {
    this.#socket.write(requestOf({ topic, partition, batch }));
    const answer = await this.#answer();
    // Size, correlation id, count of topics, its name, count of partitions, partition.
    const error = answer.readInt16BE(4 + 4 + 4 + 2 + topic.length + 4 + 4);
    if (error !== 0) throw new Error(`${topic}/${partition} does not take it: error ${error}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #answer(): Promise<Buffer> {
    let answer = Buffer.alloc(0);
    while (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) {
      const { value, done } = await this.#parts.next();
      if (done) throw new Error('Kafka closed the connection');
      answer = Buffer.concat([answer, value]);
    }
    return answer;
  }
}

interface Written {
  topic: string;
  partition: number;
  batch: Buffer;
}

/** https://kafka.apache.org/protocol, Produce Request (Version: 7) */
function requestOf({ topic, partition, batch }: Written): Buffer {
  const [allReplicas, timeoutMs, one] = [-1, 30_000, 1];
  const request = Buffer.concat([
    Buffer.concat([int16(produceKey), int16(version), int32(1), text('foreign')]),
    Buffer.concat([int16(-1), int16(allReplicas), int32(timeoutMs), int32(one), text(topic)]),
    Buffer.concat([int32(one), int32(partition), int32(batch.length), batch]),
  ]);
  return Buffer.concat([int32(request.length), request]);
}

function text(value: string): Buffer {
  return Buffer.concat([int16(value.length), Buffer.from(value)]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
