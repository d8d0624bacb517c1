import { type SafetyFinding, type SafetyName, safetyNames } from '@spillway/broker';

/** What each name stands for: the promise that breaks. */
const protects: Readonly<Record<SafetyName, string>> = {
  acks: 'an acknowledged message outlives the loss of the broker that took it',
  replication: 'a topic or queue has as many copies as the configuration declares',
  'message-limit': 'the broker takes what the gateway admits',
  fsync: 'what was said to be durable survives a power cut',
  'bulk-limit': 'the search store takes the batches it is sent',
  'document-ids': 'a record that comes again meets its own document',
};

/**
 * The refusal to start for what is not safe: names every finding, and how to start all the same.
 */
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
  /** Checks that are switched off. */
  unsafeAllow: readonly SafetyName[];
  /** Looks at everything that this process works on; it is started. */
  inspect: () => Promise<SafetyFinding[]>;
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
    const { unsafeAllow, inspect, report } = this.#options;
    const allowed = new Set(unsafeAllow);
    const findings = await inspect();
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
}

function switchedOff(name: SafetyName): SafetyFinding {
  return { name, key: 'unsafeAllow', wanted: protects[name], got: 'not checked' };
}

function lineOf({ name, key, wanted, got }: SafetyFinding): string {
  return `${name}: ${key}: wanted ${wanted}, got ${got}`;
}
