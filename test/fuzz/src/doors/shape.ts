/** What an answer says, without what is only of this one: for telling answers apart. */
export function shapeOf(text: string): string {
  return text
    .replace(/"[^"]*"|'[^']*'/g, '""')
    .replace(/[^ -~]+/g, ' ')
    .replace(/0x[0-9a-f]+|[0-9a-f]{8,}|\d+/gi, '#')
    .slice(0, 160);
}
