import {
  deadLetterTopicOf,
  type GroupTopics,
  ledgerTopic,
  type TopicSpec,
  topicOf,
} from '@spillway/broker';
import type { SinkSpec } from '@spillway/ledger';
import { signals } from '@spillway/otlp';
import type { Least, Limit } from '@spillway/runtime';
import { type Gather, isGather, type Module, type Needs, type Ref } from './module.ts';
import { Target } from './target.ts';

/**
 * All modules there are. Roles, consumer groups, sinks and topics are what they declare; nothing
 * else lists them. Between modules of which neither needs the other, the order of the list counts.
 */
export class Registry {
  readonly modules: readonly Module[];
  readonly #byName: ReadonlyMap<string, Module>;

  constructor(modules: readonly Module[]) {
    this.modules = modules;
    this.#byName = new Map(modules.map((module) => [module.name, module]));
    if (this.#byName.size < modules.length) throw new Error('two modules have one name');
  }

  /** With these in place of those of the same name, and behind the others where there is none. */
  with(...modules: readonly Module[]): Registry {
    const byName = new Map([...this.modules, ...modules].map((module) => [module.name, module]));
    return new Registry([...byName.values()]);
  }

  /** What a process can be; `spillway up` without a role is all of them at once. */
  get roles(): string[] {
    return this.modules.flatMap(({ role }) => role?.name ?? []);
  }

  /** Every store that a group fills. */
  get sinks(): SinkSpec[] {
    return this.modules.flatMap(({ consumer }) => consumer?.sink ?? []);
  }

  /** Those that are accounted for, in the order of the report's columns. */
  get accounts(): SinkSpec[] {
    return this.modules.flatMap(({ account }) => account?.sink ?? []);
  }

  /** Stores that lie in a folder of their own where they are embedded. */
  get folderStores(): { folder: string; title: string }[] {
    return this.modules.flatMap(({ folderStore }) => folderStore ?? []);
  }

  get least(): Least {
    return Object.assign({}, ...this.modules.map(({ least }) => least));
  }

  get limits(): Limit[] {
    return this.modules.flatMap(({ limits = [] }) => limits);
  }

  /** Every topic there is, with the groups that read it; a dead letter keeps its partition. */
  topics(partitions: number): TopicSpec[] {
    const all = this.modules.flatMap(({ consumer }) => consumer?.groups ?? []);
    const groupsOf = (name: string) =>
      all.filter(({ topics }) => topics.includes(name)).map(({ group }) => group);
    const read = (name: string, count: number) => {
      return { name, partitions: count, groups: groupsOf(name) };
    };
    return [
      ...signals.map((signal) => read(topicOf[signal], partitions)),
      ...signals.map((signal) => ({ name: deadLetterTopicOf[signal], partitions, kept: true })),
      { ...read(ledgerTopic, 1), internal: true },
    ];
  }

  /** Every consumer group there is, with the topics that it reads. */
  groups(): GroupTopics[] {
    const readings = this.topics(1).flatMap(({ name, groups = [] }) =>
      groups.map((group) => ({ group, topic: name })),
    );
    return [...Map.groupBy(readings, ({ group }) => group)].map(([group, read]) => ({
      group,
      topics: read.map(({ topic }) => topic),
    }));
  }

  /** A process of these roles. */
  target(roles: readonly string[]): Target {
    const chosen = this.modules.filter(({ role }) => role && roles.includes(role.name));
    const ownsFolder = this.modules
      .filter(({ role }) => role?.worksOnDataFolder)
      .every((module) => chosen.includes(module));
    const included = this.#withNeeds(chosen);
    const has = ({ name }: Ref<unknown>) => [...included].some((module) => module.name === name);
    const joining = this.modules.filter((module) => module.joins?.({ ownsFolder, has }));
    const modules = this.#inOrder(this.#withNeeds([...included, ...joining]));
    return new Target({ roles, modules, ownsFolder });
  }

  /** What these needs take, for work beside any process. */
  targetOf(needs: Needs): Target {
    const modules = this.#inOrder(this.#withNeeds(this.find(needs)));
    return new Target({ roles: [], modules, ownsFolder: false });
  }

  /** The modules that are meant; throws where there is none of a name. */
  find(needs: Needs = {}): Module[] {
    return Object.values(needs).flatMap((need) => this.of(need));
  }

  of(need: Ref<unknown> | Gather<unknown>): Module[] {
    if (isGather(need)) return this.modules.filter((module) => need.gather(module));
    const found = this.#byName.get(need.name);
    if (!found) throw new Error(`there is no module ${need.name}`);
    return [found];
  }

  #withNeeds(first: Iterable<Module>): Set<Module> {
    const included = new Set<Module>();
    const include = (module: Module): void => {
      if (included.has(module)) return;
      included.add(module);
      this.find(module.needs).forEach(include);
    };
    for (const module of first) include(module);
    return included;
  }

  #inOrder(included: ReadonlySet<Module>): Module[] {
    const ordered = new Set<Module>();
    const visit = (module: Module, path: readonly string[]): void => {
      if (ordered.has(module) || !included.has(module)) return;
      if (path.includes(module.name)) throw new Error(`${path.join(' → ')} → ${module.name}`);
      const before = [...this.find(module.uses), ...this.find(module.needs)];
      for (const other of before) visit(other, [...path, module.name]);
      ordered.add(module);
    };
    for (const module of this.modules) visit(module, []);
    return [...ordered];
  }
}
