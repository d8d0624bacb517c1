/** Several inputs as one, where only together they break something: magic, then u32 length, bytes. */
const magic = Buffer.from('spillway-fuzz-batch\n');

export function packBatch(inputs: readonly Uint8Array[]): Buffer {
  const parts = inputs.flatMap((input) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(input.length);
    return [length, input];
  });
  return Buffer.concat([magic, ...parts]);
}

/** One input that is no batch is a batch of one. */
export function unpackBatch(bytes: Buffer): Buffer[] {
  if (!bytes.subarray(0, magic.length).equals(magic)) return [bytes];
  const inputs: Buffer[] = [];
  for (let at = magic.length; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    inputs.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return inputs;
}
