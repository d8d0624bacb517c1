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
/** Class, weight and size of the content come before the flags, which say what properties there are. */
const flagsAt = payloadAt + 12;
/** Texts with their length in a byte, which come before the headers. */
const textFlags = [0x8000, 0x4000];
const headersFlag = 0x2000;

/**
 * A message whose headers amqplib cannot read comes without them. It reads a table within a table by
 * recursion, and gives up the connection when that fails: headers that another program wrote ten
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
      leaveOutHeaders(rest);
      wire.rest = rest;
      return read();
    }
  };
  return model;
}

/** What comes behind them moves up. */
function leaveOutHeaders(rest: Buffer): void {
  const flags = rest.readUInt16BE(flagsAt);
  let at = flagsAt + 2;
  for (const flag of textFlags) if (flags & flag) at += 1 + rest.readUInt8(at);
  rest.copyWithin(at, at + 4 + rest.readUInt32BE(at), payloadAt + rest.readUInt32BE(sizeAt));
  rest.writeUInt16BE(flags & ~headersFlag, flagsAt);
}

/** It begins with a whole frame of properties, headers among them. */
function isHeaders(rest: Buffer): boolean {
  return (
    rest.length > flagsAt + 2 &&
    rest[0] === headerFrame &&
    rest.length >= aroundBytes + rest.readUInt32BE(sizeAt) &&
    (rest.readUInt16BE(flagsAt) & headersFlag) !== 0
  );
}
