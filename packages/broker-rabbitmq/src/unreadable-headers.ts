import type { ChannelModel } from 'amqplib';

/** What amqplib's types leave out. */
interface Wire {
  /** Received, and not read yet: our own copy. */
  rest: Buffer;
  /** The next frame that is whole; false when none is. */
  recvFrame(): unknown;
}

const headerFrame = 2;
/** Type, channel and size before it, a byte after it. */
const [payloadAt, aroundBytes, sizeAt] = [7, 8, 3];
/** Class, weight and size of the content come before them in the payload. */
const flagsAt = payloadAt + 12;

/**
 * A message whose headers amqplib cannot read comes without its properties. It reads a table within a table
 * by recursion, and gives up the connection when that fails: headers that another program wrote ten
 * thousand deep would end every connection that they come over, for ever.
 */
export function withoutUnreadableHeaders(model: ChannelModel): ChannelModel {
  const wire = model.connection as ChannelModel['connection'] & Wire;
  const read = wire.recvFrame.bind(wire);
  wire.recvFrame = () => {
    const { rest } = wire;
    try {
      return read();
    } catch (error) {
      if (!isHeaders(rest)) throw error;
      rest.writeUInt16BE(0, flagsAt);
      wire.rest = rest;
      return read();
    }
  };
  return model;
}

/** It begins with a whole frame of properties. */
function isHeaders(rest: Buffer): boolean {
  return (
    rest.length > aroundBytes &&
    rest[0] === headerFrame &&
    rest.length >= aroundBytes + rest.readUInt32BE(sizeAt)
  );
}
