export { JournalError, type JournalErrorCode } from './errors.ts';
export { type JournalEvent, journalEvents, type Report } from './events.ts';
export { readWhole, replaceWhole } from './files/atomic.ts';
export {
  type EnvironmentCode,
  EnvironmentError,
  environmentCodeOf,
  namedIfEnvironment,
} from './files/environment.ts';
export { type Files, nodeFiles, type OpenFile } from './files/files.ts';
export type { FolderLock } from './files/lock.ts';
export { demandRoom, demandUsable } from './files/room.ts';
export { checkFormat, type Format, writeFormat } from './format.ts';
export { Journal, type JournalOptions, openJournal } from './journal.ts';
export type { JournalStats, SegmentInfo } from './journal-stats.ts';
export type { AppendOutcome, AppendRefusal } from './outcome.ts';
export { openPositions, type Positions, type PositionsOptions } from './positions.ts';
export type { Chunk } from './reader.ts';
export { type Entry, entryHeaderBytes } from './segment/entry.ts';
export type { Payload } from './segment/payload.ts';
export { type EntryPlace, gapBytesMax } from './segment/places.ts';
