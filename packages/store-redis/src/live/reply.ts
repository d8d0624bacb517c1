import type { LiveCounts } from '../stats.ts';

/** Statuses as `apply.lua` names them. */
export const status = {
  applied: 0,
  skipped: 1,
  behind: 2,
  fenced: 3,
  afresh: 4,
  forgotten: 5,
} as const;

/** What `apply.lua` answers. */
export type Reply = [
  status: number,
  position: string,
  overflowed: number,
  halvesLost: number,
  cuts: [window: number, slices: number, keys: number],
  refused: number,
  bytes: number,
  cutTenants: string[],
  ...duplicates: number[],
];

/** A tenant has more than it may; each is reported once. */
export type LimitMet =
  /** More names in a minute than `seriesMax`: counted under the name of all others. */
  | { type: 'series-overflowed'; tenant: string }
  /** More bytes than it may have: the window of this tenant is shorter than it should be. */
  | { type: 'window-cut'; tenant: string }
  /** More tenants than there is room for: this one, and others after it, has no live view. */
  | { type: 'tenants-overflowed'; tenant: string };

/** What the limits did in a step for a message of that tenant; others may have given way for it. */
export function limitsMet(reply: Reply, tenant: string): LimitMet[] {
  const [, , overflowed, , , refused, , cutTenants] = reply;
  return [
    ...(overflowed > 0 ? [{ type: 'series-overflowed' as const, tenant }] : []),
    ...(refused > 0 ? [{ type: 'tenants-overflowed' as const, tenant }] : []),
    ...cutTenants.map((name) => ({
      type: 'window-cut' as const,
      tenant: decodeURIComponent(name),
    })),
  ];
}

export function countReply(counts: LiveCounts, reply: Reply): void {
  const [, , overflowed, halvesLost, cuts, refused, bytes, , ...known] = reply;
  const [windowCuts, slicesCut, keysCut] = cuts;
  counts.overflowed += overflowed;
  counts.halvesLost += halvesLost;
  counts.windowCuts += windowCuts;
  counts.pairSlicesCut += slicesCut;
  counts.keysCut += keysCut;
  counts.tenantsRefused += refused;
  counts.bytes = bytes;
  counts.duplicates += known.length;
}
