import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { messageOf } from '@spillway/resilience';
import { ConfigError } from '@spillway/runtime';

export type TlsEvent =
  | { type: 'certificate-loaded' }
  /** The files are unreadable or do not fit: the certificate before them stays in use. */
  | { type: 'certificate-kept'; reason: string };

export interface Certificate {
  /** PEM. */
  cert: string;
  key: string;
}

export interface TlsFilesOptions {
  certFile: string;
  keyFile: string;
  /** How soon a renewed certificate is taken up. */
  pollMs?: number;
  report?: ((event: TlsEvent) => void) | undefined;
}

/** The certificate of the doors, followed while it is renewed on disk. */
export class TlsFiles {
  readonly #options: TlsFilesOptions;
  readonly #followers: ((certificate: Certificate) => void)[] = [];
  #current: Certificate = { cert: '', key: '' };
  #problem: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TlsFilesOptions) {
    this.#options = options;
  }

  /** Called with the first certificate and with every new one. */
  follow(use: (certificate: Certificate) => void): void {
    this.#followers.push(use);
  }

  /** Throws `ConfigError` when the files cannot be used. */
  async start(): Promise<void> {
    await this.refresh();
    if (this.#problem !== undefined) {
      const wanted = 'a PEM certificate and its key (gateway.keyFile)';
      const { certFile: source } = this.#options;
      throw new ConfigError([{ key: 'gateway.certFile', wanted, got: this.#problem, source }]);
    }
    this.#timer = setInterval(() => void this.refresh(), this.#options.pollMs ?? 10_000).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Reads the files again. Never rejects. */
  async refresh(): Promise<void> {
    const { certFile, keyFile, report } = this.#options;
    try {
      const cert = await readFile(certFile, 'utf8');
      const key = await readFile(keyFile, 'utf8');
      if (cert === this.#current.cert && key === this.#current.key) return;
      createSecureContext({ cert, key }); // Throws when they do not belong together.
      this.#current = { cert, key };
      this.#problem = undefined;
      for (const use of this.#followers) use(this.#current);
      report?.({ type: 'certificate-loaded' });
    } catch (error) {
      const reason = messageOf(error);
      // While a pair is being replaced, both files are briefly from different pairs: reported once.
      if (reason !== this.#problem) report?.({ type: 'certificate-kept', reason });
      this.#problem = reason;
    }
  }
}
