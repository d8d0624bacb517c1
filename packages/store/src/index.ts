export * from './answer-room.ts';
export * from './live-store.ts';
export * from './message-parts.ts';
export * from './metrics.ts';
export type * from './rebuild.ts';
export * from './search-store.ts';
export * from './sink.ts';
export * from './write-store.ts';
