import type { BudgetLine } from '@spillway/runtime';
import { bytesOf } from './budget-of.ts';

const mebibyte = 1_048_576;

/** Renders the lines of a budget as text, the largest first, and their sum. */
export function tableOf(lines: readonly BudgetLine[]): string[] {
  const row = (bytes: number, name: string) => `  ${mebibytes(bytes).padStart(9)}  ${name}`;
  const rows = lines
    .toSorted((a, b) => b.bytes - a.bytes)
    .map(({ name, key, bytes }) => row(bytes, key ? `${name} (${key})` : name));
  return [...rows, row(bytesOf(lines), 'in all')];
}

export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / mebibyte)} MiB`;
}
