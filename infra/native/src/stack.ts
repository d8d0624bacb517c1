import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { composeDown, composeStatus, composeUp, dockerAnswers } from './stack/docker-stack.ts';
import { isKindName, type KindName, kinds, usualKinds } from './stack/kinds.ts';
import { down, type StackRequest, status, up } from './stack/native-stack.ts';

const help = `Usage: npm run stack -- <up|down|status> [options]

Runs the servers that Spillway works on: with docker compose where a Docker engine answers,
otherwise as processes of this machine, which go on when this command has ended.

  up       start what does not run, and say how to start Spillway on it
  down     end what up has started; data stay
  status   say what answers; exits with 1 if something does not

  --only <names>  some of ${Object.keys(kinds).join(',')}
                  (up without it: ${usualKinds.join(',')})
  --native        no Docker, even if it answers
  --dir <folder>  where native servers keep their state and data (default .stack)
  --help`;

const commands = { up: composeUp, down: composeDown, status: composeStatus };

class UsageError extends Error {}

async function main(words: readonly string[]): Promise<number> {
  const { command, only, native, dir } = read(words);
  if (command === 'help') {
    console.log(help);
    return 0;
  }
  if (!native && (await dockerAnswers())) {
    await commands[command](only);
    return 0;
  }
  const request: StackRequest = { dir, only: only ?? everyKind(), print: console.log };
  if (command === 'status') return (await status(request)) ? 0 : 1;
  await (command === 'up' ? up({ ...request, only: only ?? usualKinds }) : down(request));
  return 0;
}

interface Wish {
  command: 'up' | 'down' | 'status' | 'help';
  only: KindName[] | undefined;
  native: boolean;
  dir: string;
}

function read(words: readonly string[]): Wish {
  const { values, positionals } = parse(words);
  const [command = '', ...others] = positionals;
  const isCommand = Object.hasOwn(commands, command) && others.length === 0;
  if (!values.help && !isCommand) throw new UsageError('one of up, down and status is needed');
  return {
    command: values.help ? 'help' : (command as keyof typeof commands),
    only: values.only?.split(',').map(kindName),
    native: values.native ?? false,
    dir: resolve(values.dir ?? '.stack'),
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        only: { type: 'string' },
        native: { type: 'boolean' },
        dir: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function kindName(word: string): KindName {
  if (isKindName(word)) return word;
  throw new UsageError(`${word} is none of ${everyKind().join(', ')}`);
}

function everyKind(): KindName[] {
  return Object.keys(kinds).filter(isKindName);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  if (error instanceof UsageError) console.error(`\n${help}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
