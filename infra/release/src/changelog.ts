const unreleased = '## Unreleased';

/**
 * Gives what is unreleased in a changelog a version and a date, and begins a new unreleased section.
 * @throws Error when the changelog has no such section, or nothing in it
 */
export function releasedChangelog(text: string, version: string, date: string): string {
  const notes = releaseNotes(text);
  const [before = '', after = ''] = text.split(`${unreleased}\n`, 2);
  const older = after.slice(after.indexOf(notes) + notes.length);
  return `${before}${unreleased}\n\n## ${version} - ${date}\n\n${notes}${older}`;
}

/**
 * Reads what is unreleased in a changelog.
 * @throws Error when there is nothing
 */
export function releaseNotes(text: string): string {
  const [, after] = text.split(`${unreleased}\n`, 2);
  if (after === undefined) throw new Error(`CHANGELOG.md has no section "${unreleased}"`);
  const end = after.search(/^## /m);
  const notes = (end < 0 ? after : after.slice(0, end)).trim();
  if (notes === '') throw new Error('CHANGELOG.md has nothing under Unreleased');
  return notes;
}
