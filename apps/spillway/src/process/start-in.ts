import { namedIfEnvironment } from '@spillway/journal';
import type { Progress, Stack } from '@spillway/runtime';

/**
 * Starts the parts that work in a data folder. Where the environment stops one (a full disk, no
 * descriptors left), the error names the folder, the part and what the system answered.
 * @param dir undefined where nothing is kept in a folder
 */
export async function startIn(stack: Stack, dir: string | undefined, progress?: Progress) {
  let wanted = 'start';
  const followed: Progress = {
    starting: (name) => {
      wanted = `start the ${name}`;
      progress?.starting(name);
    },
    started: (name, tookMs) => progress?.started(name, tookMs),
  };
  try {
    await stack.start(followed);
  } catch (error) {
    // A port that may not be opened has nothing to do with the folder.
    const ofSockets = /^(listen|bind|connect)$/.test(`${(error as { syscall?: string }).syscall}`);
    throw dir === undefined || ofSockets ? error : namedIfEnvironment(error, { path: dir, wanted });
  }
}
