const tasks = new Set<() => void>();

/** Runs a task when this process exits by itself; the function returned takes it back. */
export function whenThisProcessEnds(task: () => void): () => void {
  if (tasks.size === 0) process.on('exit', runAll);
  tasks.add(task);
  return () => {
    tasks.delete(task);
    if (tasks.size === 0) process.off('exit', runAll);
  };
}

function runAll(): void {
  for (const task of tasks) task();
}
