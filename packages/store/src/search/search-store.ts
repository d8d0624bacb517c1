import type { SearchReader } from './search-reader.ts';
import type { SearchWriter } from './search-writer.ts';

/** Both sides in one object, as an adapter makes it. Whoever uses only one asks only for that one. */
export interface SearchStore extends SearchWriter, SearchReader {}
