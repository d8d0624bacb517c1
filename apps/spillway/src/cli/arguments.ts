/** Command-line words, parted into configuration keys (`--section.key value`) and the rest. */
export interface Arguments {
  flags: Record<string, string | boolean>;
  /** For the command-line library. */
  rest: string[];
}

const dotted = /^--([A-Za-z]+(?:\.[A-Za-z]+)+)(?:=(.*))?$/s;

/** `--section.key value`, `--section.key=value`, and `--section.key` alone for true. */
export function splitArguments(words: readonly string[]): Arguments {
  const flags: Arguments['flags'] = {};
  const rest: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const match = dotted.exec(word);
    const key = match?.[1];
    if (key === undefined) {
      rest.push(word);
      continue;
    }
    const next = words[i + 1];
    if (match?.[2] !== undefined) flags[key] = match[2];
    else if (next === undefined || next.startsWith('--')) flags[key] = true;
    else flags[key] = words[++i] as string;
  }
  return { flags, rest };
}
