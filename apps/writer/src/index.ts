export { type WriterConfig, writerSection } from './config.ts';
export { noteGroup } from './note-consumer.ts';
export { createWriter, type Writer, type WriterOptions, writerSink } from './writer.ts';
