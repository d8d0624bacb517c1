/** A real Chromium on a page built for the test. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';

const candidates = [
  process.env.SPILLWAY_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Undefined where no Chromium is installed: the tests in it are then skipped, and say so. */
export const chromiumPath = candidates.find((path) => path !== undefined && existsSync(path));
if (!chromiumPath) {
  console.warn('SKIPPED: no Chromium found. Install one, or set SPILLWAY_CHROMIUM to its path.');
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath ?? '', args: flags });
}

export async function buildPage() {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-page-'));
  await build({
    configFile: join(import.meta.dirname, '../web/vite.config.ts'),
    configLoader: 'native',
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

export interface Watched {
  page: Page;
  /** Errors of scripts, and what the content security policy forbade. */
  problems: string[];
}

export interface OpenOptions {
  width?: number;
  height?: number;
  dark?: boolean;
}

export async function open(browser: Browser, url: string, options: OpenOptions = {}) {
  const { width = 1280, height = 800, dark = false } = options;
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
  });
  page.setDefaultTimeout(10_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) problems.push(message.text());
  });
  await page.goto(url);
  return { page, problems } satisfies Watched;
}

interface Violation {
  id: string;
  impact: string;
  nodes: { target: string[]; failureSummary: string }[];
}

const axeSource = await readFile(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

/** Serious and critical ones by the rules of WCAG 2 A and AA. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const run = `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })`;
  const { violations } = await page.evaluate<{ violations: Violation[] }>(run);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.target.join(' ')} ${nodes[0]?.failureSummary}`);
}

/** Where a colour is drawn on the page's first canvas, in pixels of the window. */
export async function findColour(page: Page, colour: string): Promise<{ x: number; y: number }> {
  const find = `(() => {
    const canvas = document.querySelector('canvas');
    if (!canvas) return undefined;
    const [r, g, b] = '${colour}'.match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16));
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const box = canvas.getBoundingClientRect();
    const scale = canvas.width / box.width;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] !== r || data[i + 1] !== g || data[i + 2] !== b) continue;
      const at = i / 4;
      const x = at % canvas.width;
      const y = Math.floor(at / canvas.width);
      return { x: box.left + x / scale, y: box.top + y / scale + 2 };
    }
  })()`;
  for (let tries = 0; tries < 100; tries++) {
    const found = await page.evaluate<{ x: number; y: number } | undefined>(find);
    if (found) return found;
    await page.waitForTimeout(50);
  }
  throw new Error(`nothing of colour ${colour} is drawn`);
}
