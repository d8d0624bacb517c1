import { dark, recall, remember } from './settings.ts';

/** No reds: red is for errors. Light ones have 3:1 on white, dark ones on near-black. */
const onLight = [
  '#3b6fd8',
  '#0f857a',
  '#a86a12',
  '#8450d0',
  '#bf437b',
  '#477f28',
  '#bf5529',
  '#157fae',
  '#76670f',
  '#9a47ae',
  '#52657b',
  '#2b8556',
];
const onDark = [
  '#7ea6ff',
  '#3fc2b3',
  '#e0a94a',
  '#b692f6',
  '#ee86b3',
  '#8bc766',
  '#f0906a',
  '#5cc0ea',
  '#c9b84a',
  '#d58ce6',
  '#9db0c6',
  '#6ad0a0',
];

/**
 * One colour per service in every view: the one its name hashes to, or where another service has
 * that one, the next free one. This browser remembers which.
 */
export function serviceColour(service: string): string {
  let slot = slots.get(service);
  if (slot === undefined) {
    slot = freeSlot(hash(service) % onLight.length);
    slots.set(service, slot);
    if (slots.size <= remembered) remember('colours', JSON.stringify([...slots]));
  }
  return seriesColour(slot);
}

export function seriesColour(index: number): string {
  const palette = dark.value ? onDark : onLight;
  return palette[index % palette.length] as string;
}

const remembered = 200;
const slots = recalledSlots();

/** Steps of five, so that neighbours in the palette do not pile up; once all are taken, any. */
function freeSlot(wanted: number): number {
  const taken = new Set(slots.values());
  for (let i = 0; i < onLight.length; i++) {
    const slot = (wanted + i * 5) % onLight.length;
    if (!taken.has(slot)) return slot;
  }
  return wanted;
}

function recalledSlots(): Map<string, number> {
  try {
    const pairs = JSON.parse(recall('colours') ?? '[]') as [string, number][];
    return new Map(pairs.filter(([name, slot]) => typeof name === 'string' && slot >= 0));
  } catch {
    return new Map();
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return (value ^ (value >>> 15)) >>> 0;
}

/** A colour of the style sheet, for canvases. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
