import { signal } from '@preact/signals';
import type { Behind, ErrorBody, Fresh } from '../../../src/schema/fresh.ts';
import type { SessionAnswer } from '../../../src/schema/session-answers.ts';

/** How far behind the last answer was; undefined before the first one, or while nothing answers. */
export const behind = signal<Behind | undefined>(undefined);
/** True once the API asked for a key. */
export const keyNeeded = signal(false);
export const session = signal<SessionAnswer | undefined>(undefined);

export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export async function ask<T>(url: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin', ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    behind.value = undefined;
    throw new ApiFailure(0, 'unreachable', 'Spillway does not answer. Is it running?');
  }
  const body = await readBody(response);
  if (body && 'behind' in body) behind.value = (body as Fresh).behind;
  if (response.ok) return body as T;
  if (response.status === 401) keyNeeded.value = true;
  const error = (body as ErrorBody | undefined)?.error;
  const message = error?.message ?? `the answer was ${response.status} ${response.statusText}`;
  throw new ApiFailure(response.status, error?.code ?? 'unknown', message);
}

export function send<T>(method: 'POST' | 'DELETE', url: string, body?: object): Promise<T> {
  if (!body) return ask(url, { method });
  const headers = { 'content-type': 'application/json' };
  return ask(url, { method, headers, body: JSON.stringify(body) });
}

/** Leaves out what is undefined or empty. */
export function query(
  path: string,
  parameters: Readonly<Record<string, string | number | undefined>>,
): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

async function readBody(response: Response): Promise<object | undefined> {
  try {
    return (await response.json()) as object;
  } catch {
    return undefined;
  }
}
