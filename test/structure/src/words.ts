/** A word that is not used, and what to write instead. */
interface WordRule {
  word: RegExp;
  instead: string;
}

/** What the code, its texts and its documents do not say. */
const wordRules: readonly WordRule[] = [
  { word: /\b(told|tell(s|er|ing)?)\b/i, instead: 'reports, shows, says, is noted' },
  { word: /\bhear(s|d|ing)?\b/i, instead: 'receives, knows, is notified' },
  {
    word: /\b(nobody|somebody)\b/i,
    instead: 'the one who is meant: a client, a process, an operator',
  },
  { word: /\banew\b/i, instead: 'again' },
  { word: /\bours\b/i, instead: 'of Spillway, or nothing' },
  { word: /(?<!\bdead[ -])\bletters?\b/i, instead: 'dead letter' },
  { word: /\bis not for here\b/i, instead: 'is not supported' },
  { word: /\btrusts? (itself|themselves)\b/i, instead: 'judges by itself' },
  { word: /\b(all|parts) are well\b/i, instead: 'all components are healthy' },
];

/** A place that the rules leave out. */
interface WordException {
  /** A file, or a folder with its `/`. */
  path: string;
  /** Only this text in it; everything where undefined. */
  text?: string;
  reason: string;
}

/** Every exception there is. */
const wordExceptions: readonly WordException[] = [
  { path: 'docker-compose.yml', text: 'user: nobody', reason: 'It is the name of a user.' },
];

/** The words of an identifier, as `dead letter topic of` for `deadLetterTopicOf`. */
export function wordsOf(identifier: string): string {
  return identifier
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_#$-]+/g, ' ')
    .toLowerCase();
}

/** Finds the first word in a text that is not used; undefined when all are. */
export function wrongWord(text: string): string | undefined {
  for (const { word, instead } of wordRules) {
    const found = word.exec(text);
    if (found) return `"${found[0]}" (write ${instead})`;
  }
  return undefined;
}

/** Whether an exception covers a text in a file. */
export function isExcepted(path: string, text: string): boolean {
  return wordExceptions.some(
    (one) => path.startsWith(one.path) && (one.text === undefined || text.includes(one.text)),
  );
}
