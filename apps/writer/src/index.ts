export { type WriterConfig, writerSection } from './config.ts';
export { noteGroup } from './note-consumer.ts';
export { createWriter, type Writer, type WriterOptions, writerGroup } from './writer.ts';
