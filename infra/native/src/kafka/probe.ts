import { ask } from '../ask.ts';

const metadataApi = { key: 3, version: 1 };
const clientId = 'native';

/**
 * The ids of the brokers that serve clients, according to the one at `port` (Metadata v1, no
 * topics).
 */
export async function liveBrokers(port: number): Promise<number[]> {
  const answer = await ask({ port, send: metadataRequest(), isWhole });
  // size int32, correlation id int32, then the array of (id int32, host, port int32, rack).
  let at = 8;
  const string = () => {
    const length = answer.readInt16BE(at);
    at += 2 + Math.max(0, length); // -1 is null
  };
  const count = answer.readInt32BE(at);
  at += 4;
  return Array.from({ length: count }, () => {
    const id = answer.readInt32BE(at);
    at += 4;
    string();
    at += 4;
    string();
    return id;
  });
}

function metadataRequest(): Buffer {
  const body = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length + 4);
  let at = body.writeInt32BE(body.length - 4, 0);
  at = body.writeInt16BE(metadataApi.key, at);
  at = body.writeInt16BE(metadataApi.version, at);
  at = body.writeInt32BE(1, at); // correlation id
  at = body.writeInt16BE(clientId.length, at);
  at += body.write(clientId, at);
  body.writeInt32BE(0, at); // an empty array of topics
  return body;
}

function isWhole(answer: Buffer): boolean {
  return answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0);
}
