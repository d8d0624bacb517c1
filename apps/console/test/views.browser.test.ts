import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  accessibilityProblems,
  buildPage,
  chromiumPath,
  findColour,
  launch,
  type OpenOptions,
  open,
} from './browser.ts';
import { deadLetter, type RunningConsole, runConsole, waitingMessage } from './running-console.ts';
import { hostileText, Shop } from './shop.ts';

const shop = new Shop({ nowMs: Date.now() });
const deep = shop.deepTrace(10_000);
const failed = shop.spans.find(
  ({ name, statusCode }) => name === 'Payment/Charge' && statusCode === 2,
);
const hostile = shop.spans.find(({ name }) => name === hostileText);

let browser: Browser;
let built: Awaited<ReturnType<typeof buildPage>>;
let console: RunningConsole;
let pages: Page[] = [];

describe.skipIf(!chromiumPath)('the page', () => {
  beforeAll(async () => {
    built = await buildPage();
    console = await runConsole({
      messages: [...shop.messages(), deep.message],
      options: { pageFolder: built.folder },
    });
    await console.broker.publish([deadLetter(shop.spans.slice(0, 2), 7)]);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await console?.stop();
    await built?.remove();
  });

  async function visit(path: string, options?: OpenOptions) {
    const watched = await open(browser, console.address + path, options);
    pages.push(watched.page);
    return watched;
  }
  async function leave(): Promise<void> {
    await Promise.all(pages.map((page) => page.close()));
    pages = [];
  }

  const metric = '/explore?name=http.server.request.duration&groupBy=http.route';
  const views = [
    { path: '/services', shows: 'payment' },
    { path: '/services/payment', shows: 'Payment/Charge' },
    { path: '/traces', shows: 'POST /checkout' },
    { path: `/trace/${failed?.traceId}?span=${failed?.spanId}`, shows: 'insufficient funds' },
    { path: '/logs', shows: 'handled in' },
    { path: metric, shows: 'Exemplars' },
    { path: '/map', shows: 'inventory' },
    { path: '/pipeline', shows: 'every accepted record is accounted for' },
    { path: '/dead-letters?letter=traces%2F0%2F0', shows: 'resourceSpans' },
  ];

  describe.each([
    { name: 'light', options: {} },
    { name: 'dark', options: { dark: true } },
    { name: '390 pixels', options: { width: 390, height: 780 } },
  ])('in $name', ({ options }) => {
    it.each(views)(
      '$path shows its data, can be read by all and breaks no policy',
      async (view) => {
        const { page, problems } = await visit(view.path, options);
        await page.getByText(view.shows).first().waitFor();
        await page.locator('[data-freshness=fine]').waitFor();
        const charts = await page.locator('.chart-canvas').count();
        if (charts > 0) await page.locator('.chart-canvas canvas').first().waitFor();
        expect(await accessibilityProblems(page)).toEqual([]);
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect(width).toBeLessThanOrEqual(options.width ?? 1280);
        expect(problems).toEqual([]);
        await leave();
      },
    );
  });

  describe('one question after another', () => {
    it('by mouse: exemplar, trace, its logs, and back', async () => {
      const { page } = await visit(metric);
      const mark = await findColour(page, '#b0287e');
      await page.mouse.click(mark.x, mark.y);
      await page.waitForURL(/\/trace\/[0-9a-f]{32}\?.*span=/);
      await page.getByText('Logs of this span').click();
      await page.waitForURL(/\/logs\?.*traceId=[0-9a-f]{32}/);
      await page.locator('.log-row').first().waitFor();
      await page.locator('.log-trace').first().click();
      await page.waitForURL(/\/trace\//);
      await page.goBack();
      await page.waitForURL(/\/logs/);
      await page.goBack();
      await page.goBack();
      await page.getByRole('heading', { name: 'Exemplars' }).waitFor();
      await leave();
    });

    it('by keyboard: exemplar, trace, its logs, and back', async () => {
      const { page } = await visit('/services');
      await page.getByText('payment').waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('m');
      await page.getByText('http.server.request.duration').first().waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('request.duration');
      await tabTo(page, '.metric-list a');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Exemplars' }).waitFor();
      await tabTo(page, '.exemplars a');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/trace\//);
      await page.locator('.span-row.selected').waitFor();
      await tabTo(page, '.drawer a[href*="/logs"]');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/logs\?.*spanId=/);
      await page.locator('.log-row').first().waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.getByRole('complementary', { name: 'Log record' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('complementary', { name: 'Log record' }).waitFor({ state: 'detached' });
      await tabTo(page, '.log-trace');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/trace\//);
      await leave();
    });

    it('keeps the range along the way, and a drag over a chart sets it', async () => {
      const { page } = await visit('/traces?from=now-55m&service=checkout');
      await page.locator('canvas').waitFor();
      const box = (await page.locator('.chart-canvas').boundingBox()) ?? { x: 0, y: 0, width: 0 };
      await page.mouse.move(box.x + box.width * 0.5, box.y + 60);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 4 });
      await page.mouse.up();
      await page.waitForURL(/from=\d{4}-.*to=\d{4}-/);
      expect(page.url()).toContain('service=checkout');
      const from = new URL(page.url()).searchParams.get('from');
      await page.getByRole('link', { name: 'Logs', exact: true }).click();
      await page.waitForURL(/\/logs/);
      expect(new URL(page.url()).searchParams.get('from')).toBe(from);
      await leave();
    });
  });

  describe('the URL', () => {
    it('holds the whole view: reload and back give it again', async () => {
      const { page } = await visit('/traces');
      await page.getByLabel('Service').fill('frontend');
      await page.getByLabel('Status').selectOption('error');
      await page.getByLabel('Attributes').fill('http.route=/checkout');
      await page.getByRole('button', { name: 'Search' }).click();
      await page.waitForURL(/attr\.http\.route=/);
      await page.locator('.traces .tag-error').first().waitFor();
      const rows = await page.locator('.traces li').count();
      await page.reload();
      await page.locator('.traces .tag-error').first().waitFor();
      expect(await page.locator('.traces li').count()).toBe(rows);
      expect(await page.getByLabel('Status').inputValue()).toBe('error');
      expect(await page.getByLabel('Attributes').inputValue()).toBe('http.route=/checkout');
      await page.locator('.traces a').first().click();
      await page.locator('.span-row').nth(2).click();
      await page.waitForURL(/span=/);
      await page.reload();
      await page.locator('.span-row.selected').waitFor();
      await page.goBack();
      await page.goBack();
      await page.locator('.traces .tag-error').first().waitFor();
      expect(await page.getByLabel('Service').inputValue()).toBe('frontend');
      await leave();
    });
  });

  describe('states', () => {
    it('empty says what to do next', async () => {
      const { page } = await visit('/logs?from=2020-01-01&to=2020-01-02');
      await page.getByText('curl -sS http://127.0.0.1:4318/v1/logs').waitFor();
      await leave();
    });

    it('an error says what failed and offers to try again; the old data stays', async () => {
      const { page } = await visit('/services');
      await page.getByText('payment').waitFor();
      await page.route('**/api/services*', (route) =>
        route.fulfill({ status: 503, json: { error: { code: 'x', message: 'the disk is full' } } }),
      );
      await page.keyboard.press('r');
      await page.getByText('The services could not be read: the disk is full').waitFor();
      expect(await page.getByText('payment').count()).toBe(1);
      await page.unroute('**/api/services*');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('alert').waitFor({ state: 'detached' });
      await leave();
    });

    it('a late group is named on every view', async () => {
      let nowMs = Date.now();
      const late = await runConsole({
        messages: [],
        clock: () => nowMs,
        options: { pageFolder: built.folder },
      });
      try {
        await late.broker.publish([waitingMessage(shop.spans.slice(0, 1))]);
        nowMs += 95_000;
        const { page } = await open(browser, late.address);
        for (const path of ['/services', '/traces', '/logs', '/explore', '/map', '/pipeline']) {
          await page.goto(late.address + path);
          const badge = page.locator('[data-freshness=late]', { hasText: '95 s behind' });
          await badge.waitFor();
          expect(await badge.textContent()).toContain('search');
        }
        await page.close();
      } finally {
        await late.stop();
      }
    });

    it('what is unknown is not zero', async () => {
      const broker = { lag: () => Promise.reject(new Error('no broker')) };
      const blind = await runConsole({
        messages: [],
        options: { broker, pageFolder: built.folder },
      });
      try {
        const { page } = await open(browser, `${blind.address}/logs`);
        await page.locator('[data-freshness=unknown]', { hasText: 'unknown' }).waitFor();
        await page.goto(`${blind.address}/pipeline`);
        await page.getByText('The lag of search is not known').waitFor();
        await page.close();
      } finally {
        await blind.stop();
      }
    });
  });

  it('what comes from telemetry is text, never markup', async () => {
    for (const path of [
      `/trace/${hostile?.traceId}?span=${hostile?.spanId}`,
      '/logs?query=onerror',
      '/traces?operation=',
    ]) {
      const { page, problems } = await visit(
        `${path}${path.endsWith('=') ? encodeURIComponent(hostileText) : ''}`,
      );
      await page.getByText(hostileText).first().waitFor();
      expect(await page.locator('main img, main b:text-is("bold")').count()).toBe(0);
      expect(await page.evaluate('window.hacked')).toBeUndefined();
      expect(problems).toEqual([]);
      await leave();
    }
  });

  it('a trace of 10,000 spans scrolls with a bounded number of nodes', async () => {
    const { page } = await visit(`/trace/${deep.traceId}`);
    await page.getByText('nightly reindex').first().waitFor();
    await page.evaluate(`document.querySelector('.waterfall-rows').scrollTop = 1e9`);
    await page.locator('.span-row:last-child').getByText('step 4680', { exact: true }).waitFor();
    expect(await page.locator('.span-row').count()).toBeLessThan(80);
    expect(await page.evaluate<number>('document.querySelectorAll("*").length')).toBeLessThan(
      2_000,
    );
    await page.getByRole('button', { name: 'Collapse' }).click();
    await page.getByText('step 8', { exact: true }).waitFor();
    expect(await page.locator('.span-row').count()).toBe(9);
    await leave();
  });

  it('a dead letter is sent back in two steps', async () => {
    const { page } = await visit('/dead-letters');
    await page.getByRole('button', { name: 'Resubmit' }).first().click();
    await page.getByRole('button', { name: 'Send 1 letter back' }).click();
    await page.getByText('There are no dead letters').waitFor();
    await leave();
  });

  it('asks for a key once, and keeps it where scripts cannot reach', async () => {
    const keys = { find: (key: string) => (key === 'right' ? grant : undefined) };
    const grant = { tenant: 'default', scopes: ['query'] };
    const keyed = await runConsole({ messages: [], options: { keys, pageFolder: built.folder } });
    try {
      const { page } = await open(browser, `${keyed.address}/traces?service=x`);
      await page.getByLabel('API key').fill('wrong');
      await page.keyboard.press('Enter');
      await page.getByText('the API key is not known').waitFor();
      await page.getByLabel('API key').fill('right');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Search' }).waitFor();
      expect(page.url()).toContain('service=x');
      expect(await page.evaluate('document.cookie')).toBe('');
      await page.close();
    } finally {
      await keyed.stop();
    }
  });

  it('loads less than 150 KB of script for the first view', async () => {
    const { page } = await visit('/about:blank');
    let bytes = 0;
    page.on('response', async (response) => {
      if (!response.url().endsWith('.js')) return;
      bytes += Number(response.headers()['content-length']);
      expect(response.headers()['content-encoding']).toMatch(/br|gzip/);
    });
    await page.goto(`${console.address}/services`);
    await page.getByText('payment').waitFor();
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(150_000);
    await leave();
  });
});

/** As a person would: Tab until the focus is there. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate<boolean>(`document.activeElement.matches('${selector}')`)) return;
  }
  throw new Error(`no Tab leads to ${selector}`);
}
