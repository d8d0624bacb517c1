/** What takes long or changes the machine is told in plain words where a person sees it. */
export function say(sentence: string): void {
  process.stderr.write(`[native] ${sentence}\n`);
}
