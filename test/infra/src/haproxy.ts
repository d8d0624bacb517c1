import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { programOf } from './programs.ts';
import { pathOf } from './repository.ts';

const configFile = pathOf('infra/haproxy/haproxy.cfg');

/** A real HAProxy with the configuration of the stack, moved by its environment alone. */
export class HaProxy {
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  /** Checks the configuration first; throws with what HAProxy says of it. */
  start(): void {
    const program = programOf('haproxy', 'haproxy');
    const env = { ...process.env, ...this.#env };
    execFileSync(program, ['-c', '-f', configFile], { env, stdio: 'pipe' });
    const child = spawn(program, ['-db', '-f', configFile], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part: Buffer) => {
        this.#output = (this.#output + part).slice(-20_000);
      });
    }
    this.#child = child;
  }

  /** Until so many gateways pass the checks of each backend; before the first check all would. */
  async hasGateways(count: number): Promise<void> {
    for (;;) {
      const text = await this.metrics().catch(() => '');
      const passing = ['gateway_http', 'gateway_grpc'].map((proxy) => {
        const sample = `^haproxy_server_check_status\\{proxy="${proxy}",.*state="L7OK"\\} 1$`;
        return text.match(new RegExp(sample, 'gm'))?.length ?? 0;
      });
      if (passing.every((gateways) => gateways === count)) return;
      if (this.#child?.exitCode !== null) throw new Error(`HAProxy ended: ${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async metrics(): Promise<string> {
    const { ADMIN_BIND } = this.#env;
    return (await fetch(`http://${ADMIN_BIND}/metrics`)).text();
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}
