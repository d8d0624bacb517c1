import type { Addresses } from '@spillway/test-support';

/** A Spillway as its clients see it. */
export interface Target {
  readonly addresses: Addresses;
  /** Of the tenant that attacks. */
  readonly evilKey: string;
  /** Of the tenant that must notice nothing. */
  readonly goodKey: string;
}

export interface Answer {
  status: number;
  text: string;
}

/** The query API, as the hostile tenant by default. */
export async function ask(
  { addresses, evilKey }: Target,
  path: string,
  key = evilKey,
): Promise<Answer> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(addresses.console + path, { headers });
  return { status: response.status, text: await response.text() };
}
