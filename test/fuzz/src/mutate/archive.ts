import { crc32c } from '@node-rs/crc32';
import { packFiles, unpackFiles } from '../archive.ts';
import { mutateBytes } from './bytes.ts';
import type { Mutation } from './mutation.ts';

/** Damages one file of a folder, or its name, as disks, crashes and people do. */
export function mutateArchive(input: Uint8Array, mutation: Mutation): Uint8Array {
  const { random, other } = mutation;
  const files = unpackFiles(input);
  const paths = [...files.keys()];
  if (paths.length === 0) return input;
  const path = random.pick(paths);
  const bytes = files.get(path) as Buffer;
  switch (random.below(10)) {
    case 0:
      files.delete(path);
      break;
    case 1:
      files.set(path, bytes.subarray(0, random.below(bytes.length + 1)));
      break;
    case 2:
      files.set(path, Buffer.concat([bytes, Buffer.alloc(random.below(300), random.below(256))]));
      break;
    case 3: {
      const second = random.pick(paths);
      files.set(path, files.get(second) as Buffer);
      if (random.chance(0.5)) files.set(second, bytes);
      break;
    }
    case 4:
      files.delete(path);
      files.set(
        path.replace(/\d(?=\D*$)/, () => String(random.below(10))),
        bytes,
      );
      break;
    case 5: {
      const spliced = unpackFiles(other());
      const taken = spliced.get(path);
      if (taken) files.set(path, taken);
      break;
    }
    case 6: {
      const at = random.below(bytes.length + 1);
      const zeroed = Buffer.from(bytes);
      zeroed.fill(0, at, Math.min(bytes.length, at + 1 + random.below(200)));
      files.set(path, zeroed);
      break;
    }
    default:
      files.set(path, Buffer.from(mutateBytes(bytes, { ...mutation, bytesMax: 64 * 1024 })));
  }
  return packFiles(files);
}

const segmentHeadBytes = 80;
const entryHeadBytes = 24;

/** Changes the payload of a journal's entry under a right checksum: what another version wrote. */
export function forgeEntry(input: Uint8Array, mutation: Mutation): Uint8Array {
  const { random } = mutation;
  const files = unpackFiles(input);
  const segments = [...files.keys()].filter((path) => path.endsWith('.log'));
  if (segments.length === 0) return input;
  const path = random.pick(segments);
  const bytes = files.get(path) as Buffer;
  if (bytes.length < segmentHeadBytes) return input;
  const salt = bytes.readUInt32LE(8);
  const entries: number[] = [];
  for (let at = segmentHeadBytes; at + entryHeadBytes <= bytes.length; ) {
    entries.push(at);
    at += entryHeadBytes + bytes.readUInt32LE(at + 8);
  }
  if (entries.length === 0) return input;
  const at = random.pick(entries);
  const end = Math.min(bytes.length, at + entryHeadBytes + bytes.readUInt32LE(at + 8));
  const payload = mutateBytes(bytes.subarray(at + entryHeadBytes, end), {
    ...mutation,
    bytesMax: 2_000,
  });
  const head = Buffer.from(bytes.subarray(at, at + entryHeadBytes));
  head.writeUInt32LE(payload.length, 8);
  head.writeUInt32LE(crc32c(Buffer.from(payload), crc32c(head.subarray(8), salt)), 4);
  files.set(path, Buffer.concat([bytes.subarray(0, at), head, payload, bytes.subarray(end)]));
  return packFiles(files);
}
