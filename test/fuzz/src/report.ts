import type { Outcome } from './fuzz.ts';

/** One row a target, then the sums. */
export function tableOf({ totals, findings }: Outcome): string {
  const rows = totals.map(({ target, inputs, outcomes, places, peakRssBytes }) => {
    const classes = Object.entries(outcomes).sort(([, a], [, b]) => b - a);
    const found = findings.filter((finding) => finding.target === target).length;
    return [
      target,
      String(inputs),
      String(found),
      String(places),
      `${Math.round(peakRssBytes / 2 ** 20)} MiB`,
      classes.map(([name, count]) => `${name} ${count}`).join(', '),
    ];
  });
  const inputs = totals.reduce((sum, total) => sum + total.inputs, 0);
  const head = ['target', 'inputs', 'findings', 'places', 'peak', 'outcomes'];
  const all = [head, ...rows, ['all', String(inputs), String(findings.length), '', '', '']];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((row) => {
    return row
      .map((cell, column) => (column === 5 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ');
  });
  return lines.map((line) => line.trimEnd()).join('\n');
}
