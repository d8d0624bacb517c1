/** Prints in plain words what takes long or changes the machine, where a person sees it. */
export function say(sentence: string): void {
  process.stderr.write(`[native] ${sentence}\n`);
}
