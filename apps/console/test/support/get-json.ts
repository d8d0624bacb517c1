import { expect } from 'vitest';
import type { Fresh } from '../../src/schema/fresh.ts';

/** Reads an answer that has to be 200. */
export async function getJson<T>(url: string): Promise<T & Fresh> {
  const response = await fetch(url);
  const body = await response.json();
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body as T & Fresh;
}

/** An error of the query API, with its HTTP status. */
export interface Failure {
  status: number;
  code?: string;
  wanted?: string;
  got?: string;
}

/** Reads an answer that has to be an error. */
export async function getFailure(url: string, init?: RequestInit): Promise<Failure> {
  const response = await fetch(url, init);
  const body = (await response.json()) as { error: Omit<Failure, 'status'> };
  return { status: response.status, ...body.error };
}
