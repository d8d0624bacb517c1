export { type WriterConfig, writerSection } from './config.ts';
export { noteGroup } from './note-consumer.ts';
export { parseNote } from './parse-note.ts';
export { createWriter, type Writer, type WriterOptions, writerGroup } from './writer.ts';
