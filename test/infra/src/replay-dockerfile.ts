import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { dockerIgnore, type Instruction, readDockerfile, type Stage } from './dockerfile.ts';
import { root, textOf } from './repository.ts';

const run = promisify(execFile);
const stepTimeoutMs = 300_000;

export interface Image {
  stage: Stage;
  /** Where a path of the image is on this machine. */
  path: (inside: string) => string;
}

/**
 * Does on this machine what `docker build` would do: each stage in a folder of its own, `COPY` from
 * the context as .dockerignore leaves it, `RUN` with this Node. Base images, users and the root of
 * the file system are not Docker's: paths that begin with / are taken within the stage's folder.
 */
export async function replayDockerfile(file: string, into: string): Promise<Image> {
  const stages = readDockerfile(join(root, file));
  const env = { ...process.env, PATH: pathWith(into), npm_config_prefer_offline: 'true' };
  for (const stage of stages) await replayStage(stage, into, env);
  const stage = stages.at(-1) as Stage;
  return { stage, path: (inside) => within(into, stage.name, inside) };
}

async function replayStage(stage: Stage, into: string, env: NodeJS.ProcessEnv): Promise<void> {
  let workdir = '/';
  const here = (path: string): string =>
    within(into, stage.name, path.startsWith('/') ? path : join(workdir, path));
  for (const instruction of stage.instructions) {
    if (instruction.name === 'WORKDIR') {
      workdir = instruction.rest;
      mkdirSync(here('.'), { recursive: true });
    }
    if (instruction.name === 'COPY') copy(instruction, into, here);
    if (instruction.name === 'RUN') {
      const script = instruction.rest.replaceAll(/(?<=\s)\/(?=\w)/g, `${here('/')}/`);
      await run('sh', ['-ec', script], { cwd: here('.'), env, timeout: stepTimeoutMs });
    }
  }
}

function copy({ flags, rest }: Instruction, into: string, here: (path: string) => string): void {
  const words = rest.split(/\s+/);
  const target = words.pop() as string;
  const stage = flags.get('from');
  for (const source of words) {
    const from = stage === undefined ? join(root, source) : within(into, stage, source);
    // As Docker does: a folder's content goes into the target, a file goes below a folder.
    const intoFolder = target.endsWith('/') && !statSync(from).isDirectory();
    const to = here(intoFolder ? join(target, basename(source)) : target);
    if (stage !== undefined) cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    else copyContext(source === '.' ? '' : source, to);
  }
}

/** Throws when .dockerignore leaves nothing of it, as Docker would. */
function copyContext(source: string, to: string): void {
  const ignored = dockerIgnore(textOf('.dockerignore'));
  const files = filesBelow(source).filter((path) => !ignored(path));
  if (files.length === 0) throw new Error(`.dockerignore leaves nothing of ${source}`);
  for (const path of files) {
    const target = join(to, path.slice(source.length));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(root, path), target);
  }
}

function filesBelow(path: string): string[] {
  if (path && !statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== '.git')
    .flatMap((entry) => {
      const below = path ? `${path}/${entry.name}` : entry.name;
      return entry.isDirectory() ? filesBelow(below) : entry.isFile() ? [below] : [];
    });
}

/** This Node first, and a `chown` that does nothing: the image's user need not exist here. */
function pathWith(into: string): string {
  const bin = join(into, 'bin');
  mkdirSync(bin, { recursive: true });
  if (!existsSync(join(bin, 'chown'))) writeFileSync(join(bin, 'chown'), '#!/bin/sh\n');
  chmodSync(join(bin, 'chown'), 0o755);
  return [bin, dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
}

function within(into: string, stage: string, path: string): string {
  return join(into, stage || 'image', path);
}
