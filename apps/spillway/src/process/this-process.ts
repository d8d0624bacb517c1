import { hostname } from 'node:os';
import type { SafetyFinding } from '@spillway/broker';
import type { ProcessDocument } from '@spillway/console';
import type { Gateway } from '@spillway/gateway';
import type { DependencyState } from '@spillway/resilience';
import type { ComponentHealth } from '@spillway/runtime';
import type { SpillwayConfig } from '../config.ts';
import { gatewayDocument } from '../metrics/gateway-document.ts';
import type { Target } from '../registry/target.ts';
import { type FleetMember, processName } from './fleet.ts';

const troubleCharsMax = 300;
const unsafeMax = 8;
const unsafeCharsMax = 150;

/** What the others see of this process. */
export interface Observed {
  health(): ComponentHealth[];
  dependencies(): DependencyState[];
  gateway(): Gateway | undefined;
  unsafe(): readonly SafetyFinding[];
}

/** This process as the others see it. */
export class ThisProcess implements FleetMember {
  readonly name: string;
  readonly #roles: readonly string[];
  #observed: Observed | undefined;
  #isStopping = false;

  constructor(config: SpillwayConfig, target: Target) {
    this.name = processName(config, target);
    this.#roles = target.roles;
  }

  observe(observed: Observed): void {
    this.#observed = observed;
  }

  stopping(): void {
    this.#isStopping = true;
  }

  describe(): ProcessDocument {
    const failing = this.#observed?.health().filter(({ ok }) => !ok) ?? [];
    const trouble = failing.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
    const gateway = this.#observed?.gateway();
    return {
      roles: [...this.#roles],
      host: hostname(),
      pid: process.pid,
      state: this.#isStopping ? 'stopping' : 'running',
      ready: failing.length === 0,
      trouble: trouble.slice(0, troubleCharsMax),
      dependencies: (this.#observed?.dependencies() ?? [])
        .filter(({ own }) => own !== 'unknown')
        .map(({ dependency, own }) => ({ dependency, own })),
      unsafe: (this.#observed?.unsafe() ?? []).slice(0, unsafeMax).map(shortened),
      ...(gateway && { gateway: gatewayDocument(gateway.stats(), Date.now()) }),
    };
  }
}

function shortened({ name, key, wanted, got }: SafetyFinding) {
  const cut = (text: string) => text.slice(0, unsafeCharsMax);
  return { name, key: cut(key), wanted: cut(wanted), got: cut(got) };
}
