import { launch, type OpenOptions, open, type Watched } from '@spillway/test-support/chromium';
import type { Browser, Page } from 'playwright-core';
import { buildPage } from './browser.ts';
import { type RunConsoleOptions, type RunningConsole, runConsole } from './running-console.ts';

/** The page, its console and a Chromium, for the tests of one file. */
export class PageUnderTest {
  #browser: Browser | undefined;
  #built: Awaited<ReturnType<typeof buildPage>> | undefined;
  #console: RunningConsole | undefined;
  readonly #others: RunningConsole[] = [];
  readonly #pages: Page[] = [];

  async start(options: RunConsoleOptions): Promise<void> {
    this.#built = await buildPage();
    this.#console = await this.#run(options);
    this.#browser = await launch();
  }

  get console(): RunningConsole {
    if (!this.#console) throw new Error('not started');
    return this.#console;
  }

  /** Another console, for one test. */
  async other(options: RunConsoleOptions): Promise<RunningConsole> {
    const running = await this.#run(options);
    this.#others.push(running);
    return running;
  }

  /** A path of the console, or a whole address. */
  async visit(path: string, options?: OpenOptions): Promise<Watched> {
    if (!this.#browser) throw new Error('not started');
    const url = path.startsWith('/') ? this.console.address + path : path;
    const watched = await open(this.#browser, url, options);
    this.#pages.push(watched.page);
    return watched;
  }

  /** After each test. */
  async leave(): Promise<void> {
    await Promise.all(this.#pages.splice(0).map((page) => page.close()));
    await Promise.all(this.#others.splice(0).map((running) => running.stop()));
  }

  async stop(): Promise<void> {
    await this.leave();
    await this.#browser?.close();
    await this.#console?.stop();
    await this.#built?.remove();
  }

  #run({ options, ...rest }: RunConsoleOptions): Promise<RunningConsole> {
    const pageFolder = this.#built?.folder;
    return runConsole({ ...rest, options: { ...options, pageFolder } });
  }
}
