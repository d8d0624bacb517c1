import { chromiumPath } from '@spillway/test-support/chromium';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityProblems } from './support/browser.ts';
import { PageUnderTest } from './support/page-under-test.ts';
import { deadLetter } from './support/running-console.ts';
import { hostileText, Shop } from './support/shop.ts';

const shop = new Shop({ nowMs: Date.now() });
const deep = shop.deepTrace(10_000);
const failed = shop.spans.find(
  ({ name, statusCode }) => name === 'Payment/Charge' && statusCode === 2,
);
const hostile = shop.spans.find(({ name }) => name === hostileText);

describe.skipIf(!chromiumPath)('the page', () => {
  const tested = new PageUnderTest();
  beforeAll(async () => {
    await tested.start({ messages: [...shop.messages(), deep.message] });
    await tested.console.broker.publish([deadLetter(shop.spans.slice(0, 2), 7)]);
  });
  afterEach(() => tested.leave());
  afterAll(() => tested.stop());

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
    { path: '/dead-letters?deadLetter=traces%2F0%2F0', shows: 'resourceSpans' },
  ];

  describe.each([
    { name: 'light', options: {} },
    { name: 'dark', options: { dark: true } },
    { name: '390 pixels', options: { width: 390, height: 780 } },
  ])('in $name', ({ options }) => {
    it.each(views)(
      '$path shows its data, can be read by all and breaks no policy',
      async (view) => {
        const { page, problems } = await tested.visit(view.path, options);
        await page.getByText(view.shows).first().waitFor();
        await page.locator('[data-freshness=fine]').waitFor();
        const charts = await page.locator('.chart-canvas').count();
        if (charts > 0) await page.locator('.chart-canvas canvas').first().waitFor();
        expect(await accessibilityProblems(page)).toEqual([]);
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect(width).toBeLessThanOrEqual(options.width ?? 1280);
        expect(problems).toEqual([]);
      },
    );
  });

  it('what comes from telemetry is text, never markup', async () => {
    for (const path of [
      `/trace/${hostile?.traceId}?span=${hostile?.spanId}`,
      '/logs?from=now-1h&query=onerror',
      '/traces?from=now-1h&operation=',
    ]) {
      const { page, problems } = await tested.visit(
        `${path}${path.endsWith('=') ? encodeURIComponent(hostileText) : ''}`,
      );
      await page.getByText(hostileText).first().waitFor();
      expect(await page.locator('main img, main b:text-is("bold")').count()).toBe(0);
      expect(await page.evaluate('window.hacked')).toBeUndefined();
      expect(problems).toEqual([]);
    }
  });

  it('a trace of 10,000 spans scrolls with a bounded number of nodes', async () => {
    const { page } = await tested.visit(`/trace/${deep.traceId}`);
    await page.getByText('nightly reindex').first().waitFor();
    await page.evaluate(`document.querySelector('.waterfall-rows').scrollTop = 1e9`);
    await page.locator('.span-row:last-child').getByText('step 4680', { exact: true }).waitFor();
    expect(await page.locator('.span-row').count()).toBeLessThan(80);
    expect(await page.evaluate<number>('document.querySelectorAll("*").length')).toBeLessThan(
      2_000,
    );
    await page.getByRole('button', { name: 'Collapse' }).click();
    await page.getByText('step 8', { exact: true }).waitFor();
    await expect.poll(() => page.locator('.span-row').count()).toBe(9);
  });

  it('a dead letter is opened from its row, and sent back in two steps', async () => {
    const { page } = await tested.visit('/dead-letters');
    await page.locator('tbody a').first().click();
    await page.getByText('resourceSpans').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Resubmit' }).first().click();
    await page.getByRole('button', { name: 'Send 1 dead letter back' }).click();
    await page.getByText('There are no dead letters').waitFor();
  });

  it('asks for a key once, and keeps it where scripts cannot reach', async () => {
    const keys = { find: (key: string) => (key === 'right' ? grant : undefined) };
    const grant = { tenant: 'default', scopes: ['query'] };
    const keyed = await tested.other({ messages: [], options: { keys } });
    const { page } = await tested.visit(`${keyed.address}/traces?service=x`);
    await page.getByLabel('API key').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('the API key is not known').waitFor();
    await page.getByLabel('API key').fill('right');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Search' }).waitFor();
    expect(page.url()).toContain('service=x');
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  it('loads less than 150 KB of script for the first view', async () => {
    const { page } = await tested.visit('/about:blank');
    let bytes = 0;
    page.on('response', async (response) => {
      if (!response.url().endsWith('.js')) return;
      bytes += Number(response.headers()['content-length']);
      expect(response.headers()['content-encoding']).toMatch(/br|gzip/);
    });
    await page.goto(`${tested.console.address}/services`);
    await page.getByText('payment').waitFor();
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(150_000);
  });
});
