/** A real Chromium. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const candidates = [
  process.env.SPILLWAY_TEST_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Undefined where no Chromium is installed: the tests in it are then skipped, and say so. */
export const chromiumPath = candidates.find((path) => path !== undefined && existsSync(path));
if (!chromiumPath) {
  console.warn(
    'SKIPPED: no Chromium found. Install one, or set SPILLWAY_TEST_CHROMIUM to its path.',
  );
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

/** As a person would: Tab until the focus is there. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate<boolean>(`document.activeElement.matches('${selector}')`)) return;
  }
  throw new Error(`no Tab leads to ${selector}`);
}
