import type { Fault } from './fault.ts';

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
