import { isInPart, type MessagePart, type MessageRange } from '@spillway/ledger';

interface InMinute {
  minute: number;
  tenant: string;
}

/** Whether a message is in the minutes and of the tenant, whatever part it belongs to. */
export function isInMinutes(
  { fromMinute, toMinute, tenant }: MessageRange,
  each: InMinute,
): boolean {
  const isTenants = tenant === undefined || tenant === each.tenant;
  return isTenants && each.minute >= fromMinute && each.minute < toMinute;
}

export function isIn(range: MessageRange, each: InMinute & { sequence: number }): boolean {
  return isInMinutes(range, each) && isInPart(each.sequence, range.part);
}

/** Where messages that are this many share what divides them, no number of parts is enough. */
const partsMax = 2 ** 20;

/** The part, in two; undefined where that would not make it smaller. */
export function halvesOf(part: MessagePart = { index: 0, of: 1 }): MessagePart[] | undefined {
  const { index, of } = part;
  if (2 * of > partsMax) return undefined;
  return [
    { index, of: 2 * of },
    { index: index + of, of: 2 * of },
  ];
}
