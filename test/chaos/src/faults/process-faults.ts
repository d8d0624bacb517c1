import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from '../member.ts';
import type { Fault } from './fault.ts';

const spillTimeoutMs = 30_000;
const spilledMin = 20;

/** kill -9 of a process of Spillway; later started again on its folder. */
export function processKilled(name: string, shows: Fault['shows']): Fault {
  return {
    name: `${name} killed`,
    shows,
    async begin(lab) {
      const member = lab.member(name);
      await member.kill();
      return () => member.start();
    },
  };
}

/**
 * kill -9 at the moment at which its spill fills; to be planted during an outage. Later it starts
 * again; with an heir it is gone for good, and another gateway of that name is given its volume.
 */
export function killedSpilling(name: string, heir?: string): Fault {
  return {
    name: `${name} killed${heir ? ' for good' : ''} while it spills`,
    shows: 'cuts',
    async begin(lab) {
      const member = lab.member(name);
      await untilSpilling(member);
      await member.kill();
      if (!heir) return () => member.start();
      return () => member.become({ env: { SPILLWAY_GATEWAY_NAME: heir } });
    },
  };
}

async function untilSpilling(member: Member): Promise<void> {
  const deadlineMs = performance.now() + spillTimeoutMs;
  while (performance.now() < deadlineMs) {
    const answer = await fetch(`${member.addresses?.admin}/metrics`);
    const sample = /^spillway_spill_messages(?:\{[^}]*\})? (\d+)/m.exec(await answer.text());
    if (Number(sample?.[1] ?? 0) >= spilledMin) return;
    await sleep(50);
  }
}

/** SIGSTOP: the kernel still accepts for it. */
export function processFrozen(name: string, shows: Fault['shows']): Fault {
  return {
    name: `${name} frozen`,
    shows,
    async begin(lab) {
      const member = lab.member(name);
      member.freeze();
      return async () => member.thaw();
    },
  };
}

/** A second one comes in the middle of the load, takes its share, and is killed with it in hand. */
export function rivalCame(role: string): Fault {
  return {
    name: `a second ${role} came, and was killed`,
    shows: 'nothing',
    async begin(lab) {
      const name = `${role}-rival`;
      await lab.join(name, role);
      return () => lab.leave(name);
    },
  };
}

/** Nothing can be written to its disk. */
export function diskFull(name: string): Fault {
  return {
    name: `disk of ${name} full`,
    shows: 'nothing',
    async begin(lab) {
      lab.member(name).plant('fullDisk', '');
      return async () => lab.member(name).plant('fullDisk', undefined);
    },
  };
}

/** Its clock jumps, and back at the repair. */
export function clockJumped(name: string, offsetMs: number): Fault {
  return {
    name: `clock of ${name} ${offsetMs / 1_000} s off`,
    shows: 'nothing',
    async begin(lab) {
      lab.member(name).plant('clockOffset', String(offsetMs));
      return async () => lab.member(name).plant('clockOffset', undefined);
    },
  };
}
