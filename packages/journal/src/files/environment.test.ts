import { expect, test } from 'vitest';
import { JournalError } from '../errors.ts';
import { EnvironmentError, environmentCodeOf, namedIfEnvironment } from './environment.ts';

const coded = (code: string, message = 'it failed') => Object.assign(new Error(message), { code });

test.each([
  ['ENOSPC', coded('ENOSPC')],
  ['EDQUOT', coded('EDQUOT')],
  ['EMFILE', coded('EMFILE')],
  ['ENFILE', coded('ENFILE')],
  ['EACCES', coded('EACCES')],
  ['EPERM', coded('EPERM')],
  ['EROFS', coded('EROFS')],
  ['EIO', coded('EIO')],
  ['ENOMEM', coded('ENOMEM')],
  ['ENOSPC', coded('53100', 'could not extend file "base/5/16397"')],
  ['ENOSPC', 'FATAL:  could not write lock file "postmaster.pid": No space left on device'],
  ['ENOSPC', new Error('IO Error: Could not write file "a.wal": No space left on device')],
  ['ENOSPC', coded('ERR_SQLITE_ERROR', 'database or disk is full')],
  ['EDQUOT', new Error('PANIC: could not write to file "pg_wal/xlogtemp.42": Quota exceeded')],
  ['EMFILE', new Error('FATAL: could not open file "global/2671": No file descriptors available')],
  ['EMFILE', new Error('IO Error: Cannot open file "search.duckdb": Too many open files')],
  ['EMFILE', coded('ERR_WORKER_INIT_FAILED', 'Worker initialization failure: EMFILE')],
  ['ENFILE', new Error('could not open file: Too many open files in system')],
  ['EACCES', new Error('IO Error: Cannot open file "search.duckdb": Permission denied')],
  ['EROFS', new Error('could not open file "postmaster.pid": Read-only file system')],
  ['EIO', new Error('could not read file "base/5/1259": I/O error')],
  ['EIO', new Error('IO Error: Could not read from file "x": Input/output error')],
  ['ENOMEM', new Error('Out of Memory Error: failed to allocate data of size 16.0 MiB')],
  ['ENOMEM', new RangeError('WebAssembly.Memory(): could not allocate memory')],
  ['ENOSPC', new JournalError('io', 'Cannot lock /data', { cause: coded('ENOSPC') })],
  ['EROFS', new AggregateError([new Error('first'), coded('EROFS')], 'both failed')],
])('%s is the environment: %s', (code, error) => {
  expect(environmentCodeOf(error)).toBe(code);
});

test.each([
  [coded('XX001', 'invalid page in block 3 of relation base/5/16397')],
  [coded('XX002', 'index "message_pkey" contains unexpected zero page at block 0')],
  [new Error('FATAL:  incorrect checksum in control file')],
  [new Error('PANIC:  could not locate a valid checkpoint record at 0/1A2B3C4')],
  [new Error('IO Error: The file "search.duckdb" exists, but it is not a valid DuckDB file!')],
  [new Error('Serialization Error: Failed to deserialize: field id mismatch')],
  [new Error('IO Error: Corrupt database file: computed checksum 1 does not match 2 in block 3')],
  [coded('ENOENT')],
  [undefined],
  [null],
])('what may be the file itself is no environment: %s', (error) => {
  expect(environmentCodeOf(error)).toBeUndefined();
});

test('names the folder, what was wanted and what the system answered', () => {
  const place = { path: '/data/postgres', wanted: 'open the write store' };
  const named = namedIfEnvironment(coded('ENOSPC', 'ENOSPC: no space left, write'), place);
  expect(named).toBeInstanceOf(EnvironmentError);
  expect((named as Error).message).toBe(
    'Cannot open the write store in /data/postgres: no space is left on the device (ENOSPC).',
  );
  expect(namedIfEnvironment(named, { path: '/data', wanted: 'start' })).toBe(named);
  const damage = new Error('not a valid DuckDB file');
  expect(namedIfEnvironment(damage, place)).toBe(damage);
});
