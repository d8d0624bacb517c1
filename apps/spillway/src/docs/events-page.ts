import type { EventKind } from '@spillway/events';

type Tables = Readonly<Record<string, Readonly<Record<string, EventKind>>>>;

/** The reference of all events, as Markdown. */
export function eventsPage(tables: Tables): string {
  return [...intro, ...Object.entries(tables).flatMap(section)].join('\n');
}

const intro = [
  '# Events',
  '',
  '<!-- Made by `npm run docs:events`. -->',
  '',
  'What the log can say: one JSON line on standard error for each event, with `type`, its severity as `level` (30 info,',
  '40 warn, 50 error) and fields of its own. An `error` wants somebody to act, a `warn` says that something is not as it',
  'should be, an `info` is the ordinary. Of warnings of one kind that follow each other within ten seconds, the next line',
  'counts in `leftOut` those that were left out.',
];

function section([source, table]: [string, Readonly<Record<string, EventKind>>]): string[] {
  const rows = Object.entries(table).map(
    ([type, { severity, description }]) => `| \`${type}\` | ${severity} | ${description} |`,
  );
  const title = source.charAt(0).toUpperCase() + source.slice(1);
  return [
    '',
    `## ${title}`,
    '',
    '| type | severity | what it says |',
    '| --- | --- | --- |',
    ...rows,
  ];
}
