/**
 * Exits with 0 when the process of this container is alive. A process without a console answers
 * at admin.port, one with a console at console.port; 8081 and 8080 unless the environment moves them.
 */
const { SPILLWAY_ADMIN_PORT = '8081', SPILLWAY_CONSOLE_PORT = '8080' } = process.env;

const answers = [SPILLWAY_ADMIN_PORT, SPILLWAY_CONSOLE_PORT].map(async (port) => {
  const { ok, status } = await fetch(`http://127.0.0.1:${port}/live`, {
    signal: AbortSignal.timeout(2_500),
  });
  if (!ok) throw new Error(`port ${port} answered ${status}`);
});

await Promise.any(answers).catch(({ errors }) => {
  for (const { message, cause } of errors) console.error(cause?.message ?? message);
  process.exitCode = 1;
});
