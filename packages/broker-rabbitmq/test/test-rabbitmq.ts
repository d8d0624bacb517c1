import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Broker } from '@spillway/broker';
import { freePort, type RabbitMqServer, startRabbitMq } from '@spillway/native';
import { createRabbitMqBroker, type RabbitMqOptions, rabbitmqSection } from '../src/index.ts';

const run = promisify(execFile);

/** A RabbitMQ that also listens for TLS, and brokers on it. */
export class TestRabbitMq {
  readonly url: string;
  readonly managementUrl: string;
  readonly server: RabbitMqServer['server'];
  /** `rabbitmqctl` with these arguments. */
  readonly control: RabbitMqServer['control'];
  /** Holds the certificate `server.pem`, which signs itself, and its key `server.key`. */
  readonly folder: string;
  readonly tlsPort: number;
  readonly #brokers: Broker[] = [];
  readonly #remove: RabbitMqServer['remove'];

  private constructor(started: RabbitMqServer, folder: string, tlsPort: number) {
    this.url = started.url;
    this.managementUrl = started.managementUrl;
    this.server = started.server;
    this.control = started.control;
    this.#remove = started.remove;
    this.folder = folder;
    this.tlsPort = tlsPort;
  }

  static async open(): Promise<TestRabbitMq> {
    const folder = await mkdtemp(join(tmpdir(), 'rabbitmq-tls-'));
    await chmod(folder, 0o755); // The server reads it as another user.
    await makeCertificate(folder);
    const tlsPort = await freePort();
    const started = await startRabbitMq({
      config: {
        'listeners.ssl.1': `127.0.0.1:${tlsPort}`,
        'ssl_options.certfile': join(folder, 'server.pem'),
        'ssl_options.keyfile': join(folder, 'server.key'),
      },
    });
    return new TestRabbitMq(started, folder, tlsPort);
  }

  async start(options: Partial<RabbitMqOptions> = {}): Promise<Broker> {
    const section = rabbitmqSection.parse({ urls: [this.url], beatMs: 200 });
    const broker = createRabbitMqBroker({ ...section, clientId: 'test', ...options });
    this.#brokers.push(broker);
    await broker.start();
    return broker;
  }

  /** Stops the brokers. */
  async reset(): Promise<void> {
    await Promise.all(this.#brokers.splice(0).map((broker) => broker.stop()));
  }

  async close(): Promise<void> {
    await this.#remove();
    await rm(this.folder, { recursive: true });
  }
}

async function makeCertificate(folder: string): Promise<void> {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const files = ['-keyout', 'server.key', '-out', 'server.pem'];
  const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  await run('openssl', ['req', '-x509', ...key, ...subject, ...files], { cwd: folder });
  await chmod(join(folder, 'server.key'), 0o644);
}
