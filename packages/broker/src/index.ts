export * from './broker.ts';
export * from './envelope.ts';
