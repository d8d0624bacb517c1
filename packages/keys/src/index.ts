export { keyEvents } from './events.ts';
export * from './keys.ts';
