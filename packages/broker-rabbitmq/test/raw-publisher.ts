/** Another program that publishes: properties byte by byte, as no client library would write them. */
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';

/** What amqplib's types leave out. */
type Wired = ChannelModel['connection'] & { stream: { write(bytes: Buffer): void } };

const [methodFrame, headerFrame, bodyFrame] = [1, 2, 3] as const;
const [basicClass, publishMethod, hasHeaders, hasTimestamp] = [60, 40, 0x2000, 0x0040];
const frameMax = 131_072;

export interface RawMessage {
  exchange: string;
  routingKey: string;
  /** A field table with its length; none when absent. The time of now comes behind it. */
  headers?: Buffer;
  content: Buffer;
}

export class RawPublisher {
  readonly #connection: ChannelModel;
  readonly #channel: ConfirmChannel;

  private constructor(connection: ChannelModel, channel: ConfirmChannel) {
    this.#connection = connection;
    this.#channel = channel;
  }

  static async open(url: string): Promise<RawPublisher> {
    const named = new URL(url);
    named.searchParams.set('frameMax', String(frameMax));
    const connection = await connect(named.href);
    return new RawPublisher(connection, await connection.createConfirmChannel());
  }

  /** Resolves when the server has it: a last message through the library is confirmed behind it. */
  async publish(messages: readonly RawMessage[]): Promise<void> {
    const { stream } = this.#connection.connection as Wired;
    const channel = (this.#channel as ConfirmChannel & { ch: number }).ch;
    for (const message of messages) {
      for (const each of framesOf(message)) stream.write(frame(each.type, channel, each.payload));
    }
    this.#channel.publish('', 'nowhere', Buffer.alloc(0));
    await this.#channel.waitForConfirms();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

function framesOf({ exchange, routingKey, headers, content }: RawMessage) {
  const names = [shortText(exchange), shortText(routingKey)];
  const method = [uint16(basicClass), uint16(publishMethod), uint16(0), ...names, Buffer.alloc(1)];
  const size = [uint16(basicClass), uint16(0), uint32(0), uint32(content.length)];
  const time = [uint32(0), uint32(Math.floor(Date.now() / 1_000))];
  const properties = headers
    ? [uint16(hasHeaders | hasTimestamp), headers, ...time]
    : [uint16(hasTimestamp), ...time];
  const frames: { type: number; payload: Buffer }[] = [
    { type: methodFrame, payload: Buffer.concat(method) },
    { type: headerFrame, payload: Buffer.concat([...size, ...properties]) },
  ];
  for (let at = 0; at < content.length; at += frameMax - 8) {
    frames.push({ type: bodyFrame, payload: content.subarray(at, at + frameMax - 8) });
  }
  return frames;
}

/** A table in a table in a table … */
export function nestedTables(depth: number): Buffer {
  const inward = Array.from({ length: depth }, (_, i) => {
    return Buffer.concat([Buffer.from('\x01nF', 'latin1'), uint32(7 * (depth - 1 - i))]);
  });
  return Buffer.concat([uint32(7 * depth), ...inward]);
}

/** A list in a list in a list … */
export function nestedLists(depth: number): Buffer {
  const inward = Array.from({ length: depth }, (_, i) => {
    return Buffer.concat([Buffer.from('A'), uint32(5 * (depth - 1 - i))]);
  });
  return Buffer.concat([uint32(2 + 5 * depth), Buffer.from('\x01n', 'latin1'), ...inward]);
}

function frame(type: number, channel: number, payload: Buffer): Buffer {
  const head = [Buffer.from([type]), uint16(channel), uint32(payload.length)];
  return Buffer.concat([...head, payload, Buffer.from([0xce])]);
}

function shortText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
