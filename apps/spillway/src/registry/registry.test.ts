import { expect, it } from 'vitest';
import { registry } from '../modules/index.ts';
import { defineModule } from './module.ts';
import { Registry } from './registry.ts';

const namesOf = (of: Registry, roles: readonly string[]) =>
  of.target(roles).modules.map(({ name }) => name);

it('starts a whole process from its folder to its doors', () => {
  expect(namesOf(registry, registry.roles)).toEqual([
    ...['data-folder', 'fleet', 'spill', 'broker', 'lag-board', 'log-turns', 'dead-letters'],
    ...['write-store', 'search-store', 'live-store', 'safety', 'topics', 'folder-watch'],
    ...['in-flight', 'writer', 'search-projector', 'live-projector'],
    ...['control', 'console', 'quotas', 'gateway'],
  ]);
});

it.each([
  ['gateway', ['spill', 'admin', 'quotas', 'gateway'], []],
  ['writer', ['write-store', 'in-flight', 'writer', 'admin'], []],
  ['search-projector', ['search-store', 'in-flight', 'search-projector', 'admin'], []],
  ['live-projector', ['live-store', 'in-flight', 'live-projector', 'admin'], []],
  [
    'console',
    ['log-turns', 'dead-letters', 'write-store', 'search-store', 'live-store', 'console'],
    ['data-folder'],
  ],
])('gives the role %s what it needs, and no more', (role, own) => {
  const everyProcess = ['data-folder', 'fleet', 'broker', 'lag-board', 'safety', 'topics'];
  const found = namesOf(registry, [role]);
  expect(found.filter((name) => !everyProcess.includes(name))).toEqual(own);
  for (const name of everyProcess) expect(found).toContain(name);
});

it('starts each behind what it needs and uses, in whatever order they are listed', () => {
  const turned = new Registry(registry.modules.toReversed());
  for (const roles of [turned.roles, ...turned.roles.map((role) => [role])]) {
    const { modules } = turned.target(roles);
    for (const [place, module] of modules.entries()) {
      const before = new Set(modules.slice(0, place));
      const others = [...turned.find(module.needs), ...turned.find(module.uses)];
      const missing = others.filter((other) => modules.includes(other) && !before.has(other));
      expect(
        missing.map(({ name }) => name),
        module.name,
      ).toEqual([]);
    }
  }
});

it('owns the data folder with every role that works on it, whatever other roles there are', () => {
  const scaler = defineModule({
    name: 'scaler',
    role: { name: 'scaler', worksOnDataFolder: false },
    create: () => undefined,
  });
  const wider = registry.with(scaler);
  expect(wider.target(registry.roles).ownsFolder).toBe(true);
  expect(wider.target(wider.roles).ownsFolder).toBe(true);
  for (const role of registry.roles) {
    const others = wider.roles.filter((each) => each !== role);
    expect(wider.target(others).ownsFolder, `without ${role}`).toBe(false);
  }
});

it('refuses modules that need each other, two of one name, and one that is not there', () => {
  const first = { name: 'first', create: () => 1, needs: { second: { name: 'second' } } };
  const second = { name: 'second', create: () => 2, needs: { first: { name: 'first' } } };
  const circle = new Registry([first, second]);
  expect(() => circle.targetOf({ first })).toThrow('first → second → first');
  expect(() => new Registry([first, { ...second, name: 'first' }])).toThrow('one name');
  expect(() => new Registry([first]).targetOf({ first })).toThrow('there is no module second');
});
