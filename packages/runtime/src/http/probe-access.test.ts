import { describe, expect, it } from 'vitest';
import { metricsAccess, readyAccess } from './probe-access.ts';

const grants = new Map([
  ['watch', { scopes: ['metrics'] }],
  ['read', { scopes: ['query'] }],
  ['write', { scopes: ['ingest'] }],
]);
const keys = { find: (key: string) => grants.get(key) };
const loopback = '127.0.0.1';
const beyond = '0.0.0.0';

describe('metrics', () => {
  it.each([
    [loopback, undefined, undefined, { status: 200, isWhole: true }],
    [beyond, undefined, undefined, { status: 200, isWhole: false }],
    [loopback, keys, undefined, { status: 200, isWhole: false }],
    [beyond, keys, undefined, { status: 401 }],
    [beyond, keys, 'Bearer guess', { status: 401 }],
    [beyond, keys, 'Basic d2F0Y2g=', { status: 401 }],
    [beyond, keys, 'Bearer read', { status: 403 }],
    [beyond, keys, 'Bearer watch', { status: 200, isWhole: true }],
    [loopback, keys, 'Bearer watch', { status: 200, isWhole: true }],
  ])('on %s, with keys %o, as %s: %o', (host, configured, authorization, access) => {
    expect(metricsAccess({ host, keys: configured, authorization })).toEqual(access);
  });
});

describe('readiness', () => {
  it.each([
    [loopback, undefined, undefined, true],
    [beyond, undefined, undefined, false],
    [loopback, keys, undefined, false],
    [beyond, keys, 'Bearer guess', false],
    [beyond, keys, 'Bearer write', false],
    [beyond, keys, 'Bearer read', true],
    [beyond, keys, 'Bearer watch', true],
  ])('on %s, with keys %o, as %s is told whole: %s', (host, configured, authorization, isWhole) => {
    expect(readyAccess({ host, keys: configured, authorization })).toEqual({ isWhole });
  });
});
