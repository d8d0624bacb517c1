import { MetricsRegistry } from '@spillway/metrics';
import type { ComponentHealth, Stack } from '@spillway/runtime';
import type { Assembly } from '../registry/assembly.ts';
import type { Given, Needs } from '../registry/module.ts';
import type { ProcessView } from '../registry/process-view.ts';
import type { DoorConnections } from './descriptors.ts';
import type { ThisProcess } from './this-process.ts';

/** What the modules of a process see of it, from when they are made. */
export class HostProcess implements ProcessView {
  readonly self: ThisProcess;
  readonly metrics = new MetricsRegistry();
  #parts: { assembly: Assembly; stack: Stack } | undefined;
  #doors: DoorConnections | undefined;

  constructor(self: ThisProcess) {
    this.self = self;
  }

  assembled(assembly: Assembly, stack: Stack): void {
    this.#parts = { assembly, stack };
  }

  setDoors(doors: DoorConnections): void {
    this.#doors = doors;
  }

  health(): ComponentHealth[] {
    return this.#parts?.stack.health() ?? [];
  }

  doors(): DoorConnections {
    if (!this.#doors) throw new Error('the process has not begun to start');
    return this.#doors;
  }

  given<N extends Needs, U extends Needs>(needs: N, uses: U): Given<N, U> {
    if (!this.#parts) throw new Error('the process is not made yet');
    return this.#parts.assembly.given(needs, uses);
  }
}
