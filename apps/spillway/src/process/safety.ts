import { type SafetyFinding, type SafetyName, safetyNames } from '@spillway/broker';
import type { Parts } from '../parts.ts';
import type { Resource } from '../roles.ts';
import { topicSpecs } from '../topics.ts';

/** What each name stands for: the promise that breaks. */
export const protects: Readonly<Record<SafetyName, string>> = {
  acks: 'an acknowledged message outlives the loss of the broker that took it',
  replication: 'a topic or queue has as many copies as the configuration declares',
  'message-limit': 'the broker takes what the gateway admits',
  fsync: 'what was said to be durable survives a power cut',
  'bulk-limit': 'the search store takes the batches it is sent',
  'document-ids': 'a record that comes again meets its own document',
};

/** Refuses to start; every finding is named, and how to start all the same. */
export class UnsafeError extends Error {
  readonly findings: readonly SafetyFinding[];

  constructor(findings: readonly SafetyFinding[]) {
    const names = [...new Set(findings.map(({ name }) => name))];
    const lines = findings.map((finding) => `  ${lineOf(finding)}`);
    const allow = names.map((name) => `--unsafe-allow ${name}`).join(' ');
    super(
      ['configuration is not safe:', ...lines, `Correct it, or start with ${allow}.`].join('\n'),
    );
    this.name = 'UnsafeError';
    this.findings = findings;
  }
}

export interface SafetyOptions {
  parts: Pick<Parts, 'config' | 'broker' | 'writeStore' | 'search'>;
  /** Those that this process works on; started. */
  resources: readonly Resource[];
  report: (event: SafetyEvent) => void;
}

/** A promise is broken, and that is allowed: `name` is a metric label. */
export type SafetyEvent = { type: 'unsafe-allowed' } & SafetyFinding;

/** Looks once, at the start, at the configuration and at what it meets. */
export class Safety {
  readonly #options: SafetyOptions;
  #allowed: SafetyFinding[] = [];

  constructor(options: SafetyOptions) {
    this.#options = options;
  }

  /** Every check that is switched off, with what it found: shown on every page and as a metric. */
  get allowed(): readonly SafetyFinding[] {
    return this.#allowed;
  }

  /** Throws UnsafeError for what is not allowed. */
  async check(): Promise<void> {
    const { parts, report } = this.#options;
    const allowed = new Set(parts.config.unsafeAllow);
    const findings = await this.#inspect();
    const refused = findings.filter(({ name }) => !allowed.has(name));
    if (refused.length > 0) throw new UnsafeError(refused);
    this.#allowed = safetyNames
      .filter((name) => allowed.has(name))
      .flatMap((name) => {
        const those = findings.filter((finding) => finding.name === name);
        return those.length > 0 ? those : [switchedOff(name)];
      });
    for (const finding of this.#allowed) report({ type: 'unsafe-allowed', ...finding });
  }

  async #inspect(): Promise<SafetyFinding[]> {
    const { parts, resources } = this.#options;
    const { broker, writeStore, search, config } = parts;
    const found: SafetyFinding[] = [];
    const has = (resource: Resource) => resources.includes(resource);
    if (has('broker')) found.push(...(await broker.inspect(topicSpecs(config.broker.partitions))));
    if (has('writeStore')) found.push(...((await writeStore.inspect?.()) ?? []));
    if (has('search')) found.push(...((await search.store.inspect?.()) ?? []));
    return found;
  }
}

function switchedOff(name: SafetyName): SafetyFinding {
  return { name, key: 'unsafeAllow', wanted: protects[name], got: 'not checked' };
}

function lineOf({ name, key, wanted, got }: SafetyFinding): string {
  return `${name}: ${key}: wanted ${wanted}, got ${got}`;
}
