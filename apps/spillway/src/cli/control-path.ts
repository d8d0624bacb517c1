/**
 * Where a process takes its commands: a Unix socket in the data folder, which is its owner's alone.
 * A path that is too long for a socket lies in a new folder of the owner's below the temporary one,
 * and `run.json` in the data folder says which: no name is guessed, so none can be taken before.
 */
import { lstatSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DataFolder } from '../folder/data-folder.ts';
import { OperationError } from './operation-error.ts';

export interface SocketPlace {
  path: string;
  /** What was made for the socket; the socket itself is removed by closing it. */
  remove(): void;
}

/** `sun_path` holds 108 bytes on Linux and 104 on macOS. */
const socketPathMax = 100;
const socketName = 'control.sock';
const madeDirBytes = 'spillway-XXXXXX/'.length + socketName.length;

export function makeSocketPlace(dataDir: string): SocketPlace {
  const inside = join(dataDir, socketName);
  if (fits(inside)) return { path: inside, remove: () => {} };
  // Made with mode 0700, and its name cannot be foreseen.
  const dir = mkdtempSync(join(shortTemporary(), 'spillway-'));
  return {
    path: join(dir, socketName),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/**
 * Finds the socket of the process that runs on the folder; undefined when there can be none.
 * @throws OperationError when what lies there is not the owner's alone, and may be forged
 */
export function findSocket(folder: DataFolder): string | undefined {
  const inside = folder.path(socketName);
  if (fits(inside)) return inside;
  const path = folder.readRunFile()?.control;
  if (!path) return undefined;
  const owner = statSync(folder.path('run.json')).uid;
  const dir = lstatSync(dirname(path), { throwIfNoEntry: false });
  const socket = lstatSync(path, { throwIfNoEntry: false });
  if (!dir || !socket) return undefined;
  const isPrivate = dir.isDirectory() && dir.uid === owner && (dir.mode & 0o077) === 0;
  if (isPrivate && socket.isSocket() && socket.uid === owner) return path;
  throw new OperationError(
    `${path} is not trusted: wanted a socket of user ${owner} in a folder that is theirs alone, ` +
      `got a folder of user ${dir.uid} with mode ${(dir.mode & 0o777).toString(8)} and a file of ` +
      `user ${socket.uid}`,
  );
}

function shortTemporary(): string {
  const dir = tmpdir();
  return Buffer.byteLength(dir) + 1 + madeDirBytes <= socketPathMax ? dir : '/tmp';
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= socketPathMax;
}
