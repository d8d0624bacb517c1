import { createHash, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { Component, Health } from './component.ts';
import { ConfigError } from './config-error.ts';

export const keyScopes = ['ingest', 'query', 'admin', 'metrics'] as const;
export type KeyScope = (typeof keyScopes)[number];

/** What a key allows. The key itself is never stored, only its digest. */
export interface KeyGrant {
  /** For people: `checkout-prod`. Unique in its file. */
  name: string;
  tenant: string;
  scopes: readonly KeyScope[];
}

export type KeyRingEvent =
  | { type: 'keys-loaded'; keys: number; tenants: number }
  /** The file is unreadable or wrong: the keys before it stay in force. */
  | { type: 'keys-kept'; reason: string };

export interface KeyRingOptions {
  /** YAML: a list of `{name, tenant, scopes, sha256}`. */
  file: string;
  /** The configuration key that named the file, for errors. */
  configKey: string;
  /** How soon a change of the file is seen. */
  pollMs?: number;
  report?: (event: KeyRingEvent) => void;
}

const fileBytesMax = 4 * 1024 * 1024;

const keysFile = z.array(
  z.strictObject({
    name: z.string().min(1).max(128),
    tenant: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/),
    scopes: z.array(z.enum(keyScopes)).min(1),
    sha256: z.string().regex(/^[0-9a-fA-F]{64}$/),
  }),
);

/**
 * The API keys of a YAML file, followed while the process runs. Keys are 256 random bits, so a
 * plain SHA-256 keeps them as well as a slow password hash would: there is nothing to guess. They
 * are found by digest, which a caller cannot steer, so timing tells nothing of the key.
 */
export class KeyRing implements Component {
  readonly name = 'keys';
  readonly #options: KeyRingOptions;
  #grants: ReadonlyMap<string, KeyGrant> = new Map();
  #version = '';
  #problem: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: KeyRingOptions) {
    this.#options = options;
  }

  /** Throws `ConfigError` when the file cannot be used: there are no older keys to keep. */
  async start(): Promise<void> {
    const { file, configKey, pollMs = 1000 } = this.#options;
    await this.refresh();
    if (this.#problem !== undefined) {
      const wanted = 'a YAML list of {name, tenant, scopes, sha256}';
      throw new ConfigError([{ key: configKey, wanted, got: this.#problem, source: file }]);
    }
    this.#timer = setInterval(() => void this.refresh(), pollMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  health(): Health {
    const count = `${this.#grants.size} keys`;
    if (this.#problem === undefined) return { ok: true, detail: count };
    return { ok: true, detail: `${count}, kept from before: ${this.#problem}` };
  }

  /** What the presented key allows; undefined for an unknown key. */
  find(key: string): KeyGrant | undefined {
    return this.#grants.get(digest(key));
  }

  tenants(): ReadonlySet<string> {
    return new Set([...this.#grants.values()].map((grant) => grant.tenant));
  }

  /** Reads the file again if it changed. Never rejects. */
  async refresh(): Promise<void> {
    try {
      const { mtimeMs, ctimeMs, size, ino } = await stat(this.#options.file);
      const version = `${mtimeMs}/${ctimeMs}/${size}/${ino}`;
      if (version === this.#version) return;
      if (size > fileBytesMax) throw new Error(`${size} bytes, more than ${fileBytesMax}`);
      const grants = parseKeys(await readFile(this.#options.file, 'utf8'));
      this.#grants = grants;
      this.#version = version;
      this.#problem = undefined;
      this.#options.report?.({
        type: 'keys-loaded',
        keys: grants.size,
        tenants: this.tenants().size,
      });
    } catch (error) {
      this.#keep(error instanceof Error ? error.message : String(error));
    }
  }

  /** Told once per problem, not once per poll. */
  #keep(reason: string): void {
    this.#version = '';
    if (reason === this.#problem) return;
    this.#problem = reason;
    this.#options.report?.({ type: 'keys-kept', reason });
  }
}

/** A new key to hand to its user once, and the entry for the keys file. */
export function createKey(grant: KeyGrant): { key: string; entry: KeyGrant & { sha256: string } } {
  const key = `spw_${randomBytes(32).toString('base64url')}`;
  return { key, entry: { ...grant, sha256: digest(key) } };
}

function parseKeys(text: string): ReadonlyMap<string, KeyGrant> {
  const parsed = keysFile.safeParse(parseYaml(text) ?? []);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`entry ${issue?.path.join('.') || '(file)'}: ${issue?.message}`);
  }
  const grants = new Map<string, KeyGrant>();
  const names = new Set<string>();
  for (const { sha256, ...grant } of parsed.data) {
    const id = sha256.toLowerCase();
    if (names.has(grant.name)) throw new Error(`two keys are named ${grant.name}`);
    if (grants.has(id)) throw new Error(`key ${grant.name} repeats the digest of another`);
    names.add(grant.name);
    grants.set(id, grant);
  }
  return grants;
}

function digest(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
