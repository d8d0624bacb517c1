import type { Outcome } from '../scenario.ts';
import { added, columns, type Tally } from './tally.ts';

const mebibyte = 1_048_576;

export function outcomeLine({ tally, violations, answers, memoryGrowthBytes }: Outcome): string {
  const told = [...answers].map(([answer, times]) => `${answer} × ${times}`).join(', ');
  const memory = `memory +${Math.round(memoryGrowthBytes / mebibyte)} MiB`;
  const broken = violations.map((violation) => `\n  BROKEN: ${violation}`).join('');
  return `  ${numbersOf(tally)}\n  answers: ${told}; ${memory}${broken}`;
}

/** The ledger of the whole run. */
export function ledgerLines(outcomes: readonly Outcome[]): string[] {
  const total = added(outcomes.map(({ tally }) => tally));
  const broken = outcomes.filter(({ violations }) => violations.length > 0).length;
  const width = Math.max(...columns.map((column) => column.length));
  return [
    '',
    `${outcomes.length} scenarios, ${broken} with a broken promise; in records:`,
    ...columns.map((column) => `  ${wordsOf(column).padEnd(width + 2)}${total[column]}`),
  ];
}

function numbersOf(tally: Tally): string {
  return columns.map((column) => `${wordsOf(column)} ${tally[column]}`).join(', ');
}

function wordsOf(column: string): string {
  return column.replace(/[A-Z]/g, (deadLetter) => ` ${deadLetter.toLowerCase()}`);
}
