import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { otherName } from '@spillway/store/live';
import { keptMs, type LiveLimits, tenantBytes, tenantsMax } from './limits.ts';

/** In the order in which they use each other. */
const parts = [
  ...['generations', 'accounts', 'marks', 'record-keys', 'cells', 'span-pairs', 'tail'],
  'apply',
];

export interface Script {
  text: string;
  /** Digest by which `EVALSHA` names it. */
  sha: string;
}

/** The one script that changes the live store. `#!lua` makes Redis refuse it whole when it is full. */
export function applyScript(limits: LiveLimits): Script {
  const constants = {
    BYTES_MAX: limits.bytesMax,
    TENANT_BYTES_MAX: limits.bytesMax / 2,
    TENANT_BYTES: tenantBytes,
    TENANTS_MAX: tenantsMax(limits),
    WINDOW_MS: limits.windowMs,
    KEYS_MS: limits.keysMs,
    SERIES_MAX: limits.seriesMax,
    PENDING_MAX: limits.pendingMax,
    WAIT_MS: limits.waitMs,
    TAIL_CHUNKS: limits.tailChunks,
    TAIL_MS: limits.tailMs,
    LEASE_MS: limits.leaseMs,
    KEPT_MS: keptMs(limits),
    OTHER: `'${otherName}'`,
  };
  const head = Object.entries(constants).map(([name, value]) => `local ${name} = ${value}`);
  const bodies = parts.map((part) =>
    readFileSync(new URL(`./lua/${part}.lua`, import.meta.url), 'utf8'),
  );
  const text = ['#!lua', ...head, ...bodies].join('\n');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
