import { createHash, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '@spillway/resilience';
import { type Component, ConfigError, type Health } from '@spillway/runtime';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

/**
 * What a key may be allowed: to send telemetry, to query it, to administer, or to read `/metrics`.
 */
export const keyScopes = ['ingest', 'query', 'admin', 'metrics'] as const;
/** One of the scopes that an API key may have, see {@link keyScopes}. */
export type KeyScope = (typeof keyScopes)[number];

/** What a key allows. The key itself is never stored, only its digest. */
export interface KeyGrant {
  /** What people call it, e.g. `checkout-prod`. Unique in its file. */
  name: string;
  tenant: string;
  scopes: readonly KeyScope[];
}

/** What an operator should know of the file of API keys. */
export type KeyRingEvent =
  | { type: 'keys-loaded'; keys: number; tenants: number }
  /** Something is wrong with the file; repeated each minute. `keys` are in force nevertheless. */
  | { type: 'keys-file-wrong'; reason: string; keys: number };

interface KeyRingOptions {
  /** YAML: a list of `{name, tenant, scopes, sha256}`. */
  file: string;
  /** The configuration key that named the file, for errors. */
  configKey: string;
  /** How soon a change of the file is seen. */
  pollMs?: number;
  monotonicMs?: () => number;
  report?: (event: KeyRingEvent) => void;
}

const fileBytesMax = 4 * 1024 * 1024;
/** A file that is put in the place of another may be away for a moment, and no longer. */
const awayMs = 10_000;
const repeatMs = 60_000;
/** Errors of the file itself; others, such as too many open files, say nothing about it. */
const goneCodes = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP']);

const keysEntry = z.strictObject({
  name: z.string().min(1).max(128),
  tenant: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/),
  scopes: z.array(z.enum(keyScopes)).min(1),
  sha256: z.string().regex(/^[0-9a-fA-F]{64}$/),
});

type Grants = ReadonlyMap<string, KeyGrant>;

/**
 * The API keys of a YAML file, followed while the process runs. Keys are 256 random bits, so a
 * plain SHA-256 keeps them as well as a slow password hash would: there is nothing to guess. They
 * are found by digest, which a caller cannot steer, so timing reveals nothing of the key.
 *
 * A key that was taken out of the file is not valid any more, also when something else is wrong
 * with the file: of a list with a wrong entry the others count; where it is no list at all, a key
 * stays valid only while its digest still stands somewhere in the text; and without a file that can
 * be read there is no key after 10 s.
 */
export class KeyRing implements Component {
  readonly name = 'keys';
  readonly #options: KeyRingOptions;
  #grants: Grants = new Map();
  #version = '';
  #problem: string | undefined;
  #reportedMs = Number.NEGATIVE_INFINITY;
  #goneSinceMs: number | undefined;
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

  /** What is wrong with the file; undefined when nothing is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  health(): Health {
    const count = `${this.#grants.size} keys`;
    if (this.#problem === undefined) return { ok: true, detail: count };
    const detail = `${count} in force, the file is wrong: ${this.#problem}`;
    return { ok: this.#grants.size > 0, detail };
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
      this.#goneSinceMs = undefined;
      if (version === this.#version) {
        this.#reportProblem();
        return;
      }
      if (size > fileBytesMax) throw new Error(`${size} bytes, more than ${fileBytesMax}`);
      const text = await readFile(this.#options.file, 'utf8');
      this.#version = version;
      this.#use(parseKeys(text, this.#grants));
    } catch (error) {
      this.#version = '';
      this.#closeIfGone(error as NodeJS.ErrnoException);
      this.#wrong(messageOf(error));
    }
  }

  #use({ grants, problem }: ParsedKeys): void {
    this.#grants = grants;
    if (problem !== undefined) {
      this.#wrong(problem);
      return;
    }
    this.#problem = undefined;
    const { size: keys } = grants;
    this.#options.report?.({ type: 'keys-loaded', keys, tenants: this.tenants().size });
  }

  #closeIfGone({ code }: NodeJS.ErrnoException): void {
    if (code !== undefined && !goneCodes.has(code)) return;
    const nowMs = this.#nowMs();
    this.#goneSinceMs ??= nowMs;
    if (nowMs - this.#goneSinceMs >= awayMs) this.#grants = new Map();
  }

  #wrong(problem: string): void {
    if (problem !== this.#problem) this.#reportedMs = Number.NEGATIVE_INFINITY;
    this.#problem = problem;
    this.#reportProblem();
  }

  #reportProblem(): void {
    const nowMs = this.#nowMs();
    if (this.#problem === undefined || nowMs - this.#reportedMs < repeatMs) return;
    this.#reportedMs = nowMs;
    const keys = this.#grants.size;
    this.#options.report?.({ type: 'keys-file-wrong', reason: this.#problem, keys });
  }

  #nowMs(): number {
    return (this.#options.monotonicMs ?? (() => performance.now()))();
  }
}

/** Makes a new key, to be handed to its user once, and its entry for the file of keys. */
export function createKey(grant: KeyGrant): { key: string; entry: KeyGrant & { sha256: string } } {
  const key = `spw_${randomBytes(32).toString('base64url')}`;
  return { key, entry: { ...grant, sha256: digest(key) } };
}

interface ParsedKeys {
  grants: Grants;
  /** Why not all of it could be used. */
  problem: string | undefined;
}

function parseKeys(text: string, before: Grants): ParsedKeys {
  const entries = parseList(text);
  if (!Array.isArray(entries)) return { grants: stillNamed(text, before), problem: entries };
  const grants = new Map<string, KeyGrant>();
  const names = new Set<string>();
  let problem: string | undefined;
  for (const [i, entry] of entries.entries()) {
    const parsed = keysEntry.safeParse(entry);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      problem ??= `entry ${[i, ...(issue?.path ?? [])].join('.')}: ${issue?.message}`;
      continue;
    }
    const { sha256, ...grant } = parsed.data;
    const id = sha256.toLowerCase();
    if (names.has(grant.name)) problem ??= `two keys are named ${grant.name}`;
    else if (grants.has(id)) problem ??= `key ${grant.name} repeats the digest of another`;
    else grants.set(id, grant);
    names.add(grant.name);
  }
  return { grants, problem };
}

/** What is wrong, when it is no list. */
function parseList(text: string): unknown[] | string {
  try {
    const parsed: unknown = parseYaml(text) ?? [];
    return Array.isArray(parsed) ? parsed : 'entry (file): it is no list';
  } catch (error) {
    return messageOf(error);
  }
}

function stillNamed(text: string, before: Grants): Grants {
  const digests = new Set(text.toLowerCase().match(/\b[0-9a-f]{64}\b/g));
  return new Map([...before].filter(([id]) => digests.has(id)));
}

function digest(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
