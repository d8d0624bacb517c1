import { createKey, type KeyScope, keyScopes } from '@spillway/keys';
import { Command } from 'commander';
import { stringify } from 'yaml';
import { OperationError } from '../operation-error.ts';
import { print } from './context.ts';

interface Options {
  name: string;
  tenant: string;
  scopes: string;
}

export function keysCommand(): Command {
  const create = new Command('create')
    .description('make an API key; the keys file gets its digest, the key is shown once')
    .requiredOption('--name <name>', 'name of the key, unique in the keys file')
    .requiredOption('--tenant <name>', 'tenant whose data the key sends or reads')
    .option('--scopes <list>', `scopes, separated by commas, of ${keyScopes.join(', ')}`, 'ingest')
    .action(({ name, tenant, scopes }: Options) => {
      const { key, entry } = createKey({ name, tenant, scopes: scopes.split(',').map(scopeOf) });
      print(`# The key, shown once: ${key}\n# For the keys file:\n${stringify([entry]).trimEnd()}`);
    });
  return new Command('keys').description('API keys').addCommand(create);
}

function scopeOf(text: string): KeyScope {
  const scope = keyScopes.find((each) => each === text.trim());
  if (!scope) throw new OperationError(`--scopes: wanted ${keyScopes.join(', ')}, got ${text}`);
  return scope;
}
