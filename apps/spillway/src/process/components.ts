/** Small ways to make a component out of something else. */
import { type Component, Stack } from '@spillway/runtime';

export function asComponent(name: string, part: Omit<Component, 'name'>): Component {
  return {
    name,
    start: () => part.start(),
    stop: () => part.stop(),
    health: () => part.health(),
  };
}

/** Makes a component of work that is to be done once, in the order of starting. */
export function step(name: string, run: () => Promise<void>): Component {
  return { name, start: run, stop: async () => {}, health: () => ({ ok: true, detail: 'done' }) };
}

/** Makes a component of a part that can only be made when those before it have started. */
export function late(name: string, make: () => Component): Component {
  let made: Component | undefined;
  return {
    name,
    start: () => {
      made = make();
      return made.start();
    },
    stop: async () => made?.stop(),
    health: () => made?.health() ?? { ok: false, detail: 'not started' },
  };
}

export function chain(name: string, components: readonly Component[]): Component {
  const stack = new Stack(components);
  return {
    name,
    start: () => stack.start(),
    stop: () => stack.stop(),
    health: () => {
      const all = stack.health();
      const detail = all.map((each) => each.detail).join(', ');
      return all.find(({ ok }) => !ok) ?? { ok: true, detail };
    },
  };
}
