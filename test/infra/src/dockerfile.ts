import { readFileSync } from 'node:fs';

export interface Instruction {
  name: string;
  /** `--from=page` as `from` → `page`. */
  flags: ReadonlyMap<string, string>;
  /** As written, after the flags. */
  rest: string;
}

export interface Stage {
  /** '' for the last one, which is the image. */
  name: string;
  instructions: Instruction[];
}

/** The stages of a Dockerfile, in order. Knows what ours uses: no heredocs, no `ONBUILD`. */
export function readDockerfile(file: string): Stage[] {
  const stages: Stage[] = [];
  for (const instruction of instructionsOf(readFileSync(file, 'utf8'))) {
    const name = /\sAS\s+(\S+)$/i.exec(instruction.rest)?.[1] ?? '';
    if (instruction.name === 'FROM') stages.push({ name, instructions: [] });
    else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** The words of an instruction in the exec form, e.g. `CMD ["up"]`. */
export function wordsOf({ instructions }: Stage, name: string): string[] {
  const found = instructions.findLast((instruction) => instruction.name === name);
  return found ? (JSON.parse(found.rest.slice(found.rest.indexOf('['))) as string[]) : [];
}

function instructionsOf(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  return lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => {
      const [, name = '', flags = '', rest = ''] = /^(\w+)\s+((?:--\S+\s+)*)(.*)$/.exec(line) ?? [];
      const pairs = flags.match(/--\S+/g)?.map((flag): [string, string] => {
        const [key = '', ...value] = flag.slice(2).split('=');
        return [key, value.join('=')];
      });
      return { name, flags: new Map(pairs), rest };
    });
}

/** Whether Docker leaves a path of the build's context out: the last pattern that matches says. */
export function dockerIgnore(text: string): (path: string) => boolean {
  const patterns = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => ({ ignore: !line.startsWith('!'), regexp: regexpOf(line.replace(/^!/, '')) }));
  return (path) => patterns.findLast(({ regexp }) => regexp.test(path))?.ignore ?? false;
}

/** A pattern also matches what is below what it matches. */
function regexpOf(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('**/', '\u0000')
    .replaceAll('**', '\u0001')
    .replaceAll('*', '[^/]*')
    .replaceAll('\u0000', '(?:.*/)?')
    .replaceAll('\u0001', '.*');
  return new RegExp(`^${source}(?:/.*)?$`);
}
