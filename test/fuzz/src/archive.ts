/** A folder's files as one input: of each u8 length of the path, path, u32 length, bytes. */
export function packFiles(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const parts: Uint8Array[] = [];
  for (const [path, bytes] of files) {
    const name = Buffer.from(path, 'latin1').subarray(0, 255);
    const head = Buffer.alloc(5 + name.length);
    head[0] = name.length;
    head.set(name, 1);
    head.writeUInt32LE(bytes.length, 1 + name.length);
    parts.push(head, bytes);
  }
  return Buffer.concat(parts);
}

/** Takes any bytes: what does not fit ends the last file early. */
export function unpackFiles(archive: Uint8Array): Map<string, Buffer> {
  const bytes = Buffer.from(archive);
  const files = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const from = at + 1 + (bytes[at] as number);
    if (from + 4 > bytes.length) break;
    const end = Math.min(bytes.length, from + 4 + bytes.readUInt32LE(from));
    files.set(bytes.toString('latin1', at + 1, from), bytes.subarray(from + 4, end));
    at = end;
  }
  return files;
}
