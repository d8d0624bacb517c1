/**
 * A process of its own, so that no attack in the test's process delays it. Its arguments: the URL of the
 * HTTP door and a key. Told to stop, it waits for the answers that are to come, and sends its report.
 */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { spanIdOf, traceIdOf, tracesBody } from '@spillway/test-support';
import type { CanaryReport } from './canary.ts';

const everyMs = 50;
/** What an SDK waits for an answer. */
const patienceMs = 10_000;

/** A steady client of a tenant of its own: one span every 50 ms over HTTP, whatever others do. */
class Canary {
  readonly #url: string;
  readonly #key: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });
  readonly #inFlight = new Set<Promise<void>>();
  readonly #report: CanaryReport = { sent: 0, accepted: 0, refused: {}, slowestMs: 0 };
  #singing: Promise<void> | undefined;
  #stopping = false;

  constructor({ otlpHttp, key }: { otlpHttp: string; key: string }) {
    this.#url = `${otlpHttp}/v1/traces`;
    this.#key = key;
    this.#singing = this.#sing();
  }

  /** Waits for the answers that are still to come. */
  async stop(): Promise<CanaryReport> {
    this.#stopping = true;
    await this.#singing;
    await Promise.all(this.#inFlight);
    this.#agent.destroy();
    return this.#report;
  }

  async #sing(): Promise<void> {
    while (!this.#stopping) {
      const one = this.#send();
      this.#inFlight.add(one);
      void one.then(() => this.#inFlight.delete(one));
      await sleep(everyMs);
    }
  }

  async #send(): Promise<void> {
    const number = this.#report.sent;
    this.#report.sent += 1;
    const startedMs = performance.now();
    const outcome = await this.#post(number).catch((error) => String(error.code ?? error.message));
    this.#report.slowestMs = Math.max(this.#report.slowestMs, performance.now() - startedMs);
    if (outcome === '200') this.#report.accepted += 1;
    else this.#report.refused[outcome] = (this.#report.refused[outcome] ?? 0) + 1;
  }

  /** The status, with what the answer says where it is a refusal. */
  #post(number: number): Promise<string> {
    const span = { traceId: traceIdOf(number + 1), spanId: spanIdOf(number + 1) };
    return new Promise((resolve, reject) => {
      const req = request(
        this.#url,
        {
          method: 'POST',
          agent: this.#agent,
          headers: { 'content-type': 'application/json', authorization: `Bearer ${this.#key}` },
        },
        (res) => {
          const { statusCode } = res;
          text(res).then((said) => {
            resolve(statusCode === 200 ? '200' : `${statusCode} ${said}`);
          }, reject);
        },
      );
      req.setTimeout(patienceMs, () => req.destroy(new Error('no answer')));
      req.once('error', reject);
      req.end(tracesBody('canary', [span]));
    });
  }
}

const [otlpHttp = '', key = ''] = process.argv.slice(2);
const canary = new Canary({ otlpHttp, key });
process.once('message', async () => {
  process.send?.(await canary.stop());
  process.disconnect();
});
