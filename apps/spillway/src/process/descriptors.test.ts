import { expect, it } from 'vitest';
import { type DescriptorNeeds, descriptorLimit, filesOf, planDescriptors } from './descriptors.ts';

const embedded: DescriptorNeeds = { files: 127, serverConnections: 0 };
const configured = { http: 4096, grpc: 4096, console: 256 };
const sum = ({ http, grpc, console }: typeof configured) => http + grpc + console;

it('leaves the bounds as they are where the limit has room for all', () => {
  const plan = planDescriptors(65_536, embedded, configured);
  expect(plan).toEqual({ files: filesOf(embedded), doors: configured, wanted: 8448 + plan.files });
  expect(planDescriptors(undefined, embedded, configured).doors).toEqual(configured);
});

it('keeps the descriptors of files apart where it has not', () => {
  for (const limit of [256, 400, 1024, 8000]) {
    const { files, doors } = planDescriptors(limit, embedded, configured);
    expect(files).toBe(filesOf(embedded));
    expect(sum(doors)).toBe(limit - files);
    expect(Math.min(...Object.values(doors))).toBeGreaterThanOrEqual(8);
  }
});

it('refuses a limit with which nobody would be served, and says what is needed', () => {
  expect(() => planDescriptors(128, embedded, configured)).toThrow(
    'The process may open 128 files (RLIMIT_NOFILE) and needs at least 215: 191 for its own and 8',
  );
});

it('gives a role what it has doors for', () => {
  const needs = { files: 20, serverConnections: 64 };
  const alone = { http: 0, grpc: 0, console: 256 };
  expect(planDescriptors(200, needs, alone).doors).toEqual({ http: 0, grpc: 0, console: 8 });
});

it.runIf(process.platform === 'linux')('reads the limit of the process', () => {
  expect(descriptorLimit()).toBeGreaterThan(0);
  expect(descriptorLimit('/proc/none')).toBeUndefined();
});
