export * from './broker.ts';
export * from './dead-letter-headers.ts';
export * from './envelope.ts';
export * from './errors.ts';
export * from './identities.ts';
export * from './lag-board.ts';
export * from './names.ts';
export * from './safety.ts';
