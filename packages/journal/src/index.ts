export { readWhole, replaceWhole } from './atomic.ts';
export { type Entry, entryHeaderBytes } from './entry.ts';
export {
  type EnvironmentCode,
  EnvironmentError,
  environmentCodeOf,
  namedIfEnvironment,
} from './environment.ts';
export { JournalError, type JournalErrorCode } from './errors.ts';
export type { JournalEvent, Report } from './events.ts';
export { type Files, nodeFiles, type OpenFile } from './files.ts';
export { checkFormat, type Format, writeFormat } from './format.ts';
export { Journal, type JournalOptions, openJournal } from './journal.ts';
export type { JournalStats, SegmentInfo } from './journal-stats.ts';
export type { FolderLock } from './lock.ts';
export type { AppendOutcome, AppendRefusal } from './outcome.ts';
export type { Payload } from './payload.ts';
export { type EntryPlace, gapBytesMax } from './places.ts';
export { openPositions, type Positions, type PositionsOptions } from './positions.ts';
export type { Chunk } from './reader.ts';
export { demandRoom, demandUsable } from './room.ts';
