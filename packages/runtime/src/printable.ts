/**
 * What a terminal would obey or reorder in place of showing it: control characters (C0 but tab and
 * new line, DEL, C1), overrides and isolates of the writing direction, line separators, and halves of
 * surrogate pairs. Telemetry is text of others.
 */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

/** Each of them as `\u001b`, so that it can be seen what was there. */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/** Escapes one line: tabs and new lines, too. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\t\n]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
