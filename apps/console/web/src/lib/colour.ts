import { dark } from './settings.ts';

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

/** One colour per service, in every view and on every machine: it comes from the name. */
export function serviceColour(service: string): string {
  return seriesColour(hash(service));
}

export function seriesColour(index: number): string {
  const palette = dark.value ? onDark : onLight;
  return palette[index % palette.length] as string;
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
