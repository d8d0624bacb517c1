import type { EventTable } from '@spillway/events';
import type { SetAsideEvent } from '../folder/set-aside.ts';
import type { DescriptorsFew } from './doors-within.ts';
import type { SafetyEvent } from './safety.ts';

/** What a process reports of itself, beside what its modules report. */
export type ProcessEvent =
  | SetAsideEvent
  | SafetyEvent
  | DescriptorsFew
  | { type: 'broker-not-started'; reason: string }
  | { type: 'not-private'; path: string; message: string }
  | { type: 'limits-lowered'; keys: readonly string[]; memory: unknown }
  | { type: 'shutdown'; message: string };

/** What each event says to an operator. */
export const processEvents = {
  'set-aside-kept': {
    severity: 'error',
    description:
      'A store that was set aside may be the only copy of something. A person removes the folder when nothing in it is needed.',
  },
  'set-aside-removed': {
    severity: 'info',
    description:
      'A store that was set aside was removed: all that it held is in the one that took its place.',
  },
  'set-aside-unknown': {
    severity: 'warn',
    description:
      'Whether a store that was set aside can be removed cannot be known now; the next look tries again.',
  },
  'unsafe-allowed': {
    severity: 'warn',
    description:
      'A check of the start found what breaks a promise, or was switched off, and `unsafeAllow` names it.',
  },
  'descriptors-few': {
    severity: 'warn',
    description:
      'The process may open too few files for its bounds: its doors take fewer connections.',
  },
  'broker-not-started': {
    severity: 'warn',
    description:
      'The broker does not answer yet; the gateway spills, and the start goes on in the background.',
  },
  'not-private': {
    severity: 'warn',
    description: 'Others may read a file of the data folder, and its mode cannot be changed.',
  },
  'limits-lowered': {
    severity: 'info',
    description:
      'Defaults were lowered to fit the memory of the process; `spillway config --limits` shows them.',
  },
  shutdown: {
    severity: 'info',
    description: 'The process was asked to stop, or did not stop in time.',
  },
} as const satisfies EventTable<ProcessEvent>;
