import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CrashRecord, type CrashRecordEvent } from './crash-record.ts';

let dir: string;
let path: string;
let events: CrashRecordEvent[];

/** A process that was not closed before the next one starts was killed. */
function start(nowMs = () => 0): CrashRecord {
  const crashRecord = new CrashRecord({ nowMs, report: (event) => events.push(event) });
  crashRecord.open(path);
  return crashRecord;
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'crash-record-'));
  path = join(dir, 'in-hand');
  events = [];
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('CrashRecord', () => {
  it('sets aside what was alone in flight at two ends', () => {
    start().take(['a']);
    const second = start();
    expect(second.crashesWith('a')).toBeUndefined();
    expect(second.isSuspect('a')).toBe(true);
    second.take(['a']);
    expect(start().crashesWith('a')).toBe(2);
    expect(events.map(({ type }) => type)).toEqual(['crashed-in-flight', 'crashed-in-flight']);
  });

  it('lets what was alone in flight at an end wait until the process has lived without it', () => {
    let nowMs = 7;
    start().take(['a']);
    const second = start(() => nowMs);
    expect([second.hasToWait('a'), second.hasToWait('b')]).toEqual([true, false]);
    nowMs += 5_000;
    expect(second.hasToWait('a')).toBe(false);
    second.take(['a']);
    nowMs = 0;
    const third = start(() => nowMs);
    expect(third.crashesWith('a')).toBe(2);
    expect(third.hasToWait('a')).toBe(false);
  });

  it('counts no end of a process in which it still waited', () => {
    start().take(['a']);
    for (let ends = 0; ends < 5; ends++) expect(start().hasToWait('a')).toBe(true);
    expect(start().crashesWith('a')).toBeUndefined();
  });

  it('blames nothing of what was in flight together, however often', () => {
    for (let ends = 0; ends < 5; ends++) start().take(['a', 'b']);
    const crashRecord = start();
    expect([crashRecord.crashesWith('a'), crashRecord.crashesWith('b')]).toEqual([
      undefined,
      undefined,
    ]);
    expect([
      crashRecord.isSuspect('a'),
      crashRecord.isSuspect('b'),
      crashRecord.isSuspect('c'),
    ]).toEqual([true, true, false]);
  });

  it('blames nothing that was passed before the end', () => {
    start().take(['a']);
    const second = start();
    second.take(['a']);
    second.release(['a']);
    second.succeeded(['a']);
    second.take(['b']);
    const third = start();
    expect(third.crashesWith('a')).toBeUndefined();
    expect(third.isSuspect('a')).toBe(false);
  });

  it('has no suspects after a close', () => {
    const crashRecord = start();
    crashRecord.take(['a']);
    crashRecord.close();
    expect(start().isCareful).toBe(false);
    expect(events).toEqual([]);
  });

  it('keeps aside what is set aside, for other consumers and for every start to come', () => {
    start().take(['a']);
    start().take(['a']);
    const third = start();
    third.succeeded(['a']);
    expect(third.crashesWith('a')).toBe(2);
    third.close();
    expect(start().crashesWith('a')).toBe(2);
  });

  it('has one thing in flight at a time while there are suspects', async () => {
    start().take(['a', 'b']);
    const crashRecord = start();
    const order: string[] = [];
    const slow = async (name: string) => {
      order.push(`begin ${name}`);
      await new Promise(setImmediate);
      order.push(`end ${name}`);
      crashRecord.succeeded([name]);
    };
    await Promise.all([
      crashRecord.run(['a'], () => slow('a')),
      crashRecord.run(['b'], () => slow('b')),
      crashRecord.run(['c'], () => Promise.reject(new Error('broken off'))).catch(() => undefined),
    ]);
    expect(order).toEqual(['begin a', 'end a', 'begin b', 'end b']);
    expect(crashRecord.isCareful).toBe(false);
  });

  it('looks no longer for suspects that do not come', () => {
    start().take(['a', 'b']);
    let nowMs = 0;
    const crashRecord = start(() => nowMs);
    nowMs = 121_000;
    expect(crashRecord.isCareful).toBe(false);
  });

  it('suspects nobody where the file is cut short', () => {
    start().take(['a']);
    truncateSync(path, 6);
    expect(start().isCareful).toBe(false);
  });

  it('goes on where it cannot write', () => {
    const crashRecord = new CrashRecord({ report: (event) => events.push(event) });
    crashRecord.open(join(dir, 'not', 'there'));
    crashRecord.take(['a']);
    crashRecord.release(['a']);
    expect(events.map(({ type }) => type)).toEqual(['crash-record-not-written']);
  });
});
