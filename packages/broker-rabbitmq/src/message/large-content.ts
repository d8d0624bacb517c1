import type { Channel, MessageProperties } from 'amqplib';

/** A frame as amqplib hands it on: of the properties with the size of the content, then of the content. */
interface Frame {
  id?: number;
  fields?: object;
  size?: number;
  content?: Uint8Array;
}

/** What amqplib's types leave out. */
interface Framed {
  acceptMessageFrame(frame: Frame): void;
}

const sizes = new WeakMap<object, number>();

/** How large the content of a message was that was not kept; undefined when it was. */
export function droppedBytesOf(properties: MessageProperties): number | undefined {
  return sizes.get(properties);
}

/**
 * What is larger comes without its content, which goes as it comes: a server takes messages of 128 MiB
 * (16 MiB from RabbitMQ 4.0 on), and amqplib would put each together.
 */
export function withoutLargeContent<C extends Channel>(channel: C, bytesMax: number): C {
  const framed = channel as C & Framed;
  const accept = framed.acceptMessageFrame.bind(framed);
  let dropped = 0;
  framed.acceptMessageFrame = (frame) => {
    if (frame.content && dropped > 0) dropped -= frame.content.length;
    else if (frame.fields && (frame.size ?? 0) > bytesMax) {
      dropped = frame.size as number;
      sizes.set(frame.fields, dropped);
      accept({ ...frame, size: 0 });
    } else accept(frame);
  };
  return channel;
}
