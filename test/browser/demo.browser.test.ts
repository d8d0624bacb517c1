import { type Addresses, query } from '@spillway/test-support';
import { chromiumPath, findColour, launch, open, tabTo } from '@spillway/test-support/chromium';
import { Lab } from '@spillway/test-support/lab';
import { until } from '@spillway/test-support/until';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const views = ['/services', '/traces', '/logs', '/explore', '/map', '/pipeline', '/dead-letters'];
const exemplarColour = '#b0287e';
const metric = '/explore?name=http.server.request.duration';

describe.skipIf(!chromiumPath)('the page on `spillway up --demo`', () => {
  const lab = new Lab(['--demo']);
  const pages: Page[] = [];
  let addresses: Addresses;
  let browser: Browser;

  beforeAll(async () => {
    addresses = await lab.spillway.start();
    browser = await launch();
    await until(async () => (await exemplars(addresses)) > 0);
  }, 180_000);

  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
  });

  afterAll(async () => {
    await browser?.close();
    await lab.close();
  });

  async function visit(path: string): Promise<Page> {
    const { page, problems } = await open(browser, addresses.console + path);
    pages.push(page);
    expect(problems).toEqual([]);
    return page;
  }

  /** The signals travel apart: a log may become searchable a little after its trace. */
  async function logsOf(page: Page): Promise<void> {
    const traceId = /[0-9a-f]{32}/.exec(page.url())?.[0];
    const path = `/api/logs?traceId=${traceId}`;
    await until(async () => (await query<{ logs: unknown[] }>(addresses, path)).logs.length > 0);
  }

  it('leads from an exemplar to its trace, its logs, and back, by mouse', async () => {
    const page = await visit(metric);
    const mark = await findColour(page, exemplarColour);
    await page.mouse.click(mark.x, mark.y);
    await page.waitForURL(/\/trace\/[0-9a-f]{32}\?.*span=/);
    await logsOf(page);
    await page.getByText('Logs of this trace').first().click();
    await page.waitForURL(/\/logs\?.*traceId=[0-9a-f]{32}/);
    await page.locator('.log-row').first().waitFor();
    await page.goBack();
    await page.waitForURL(/\/trace\//);
    await page.goBack();
    await page.getByRole('heading', { name: 'Exemplars' }).waitFor();
  });

  it('leads from an exemplar to its trace, its logs, and back, by keyboard', async () => {
    const page = await visit('/services');
    await page.getByText('checkout').first().waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.getByText('http.server.request.duration').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('http.server.request.duration');
    await tabTo(page, '.metric-list a');
    await page.keyboard.press('Enter');
    await tabTo(page, '.exemplars a');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/trace\//);
    await logsOf(page);
    await tabTo(page, 'a[href*="/logs"][href*="traceId"]');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/logs\?.*traceId=/);
    await page.locator('.log-row').first().waitFor();
    await tabTo(page, '.log-trace');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/trace\//);
  });

  it('says on every view how far behind it is while the projector is paused', async () => {
    expect((await lab.command('pause', 'search')).code).toBe(0);
    await until(async () => {
      const { behind } = await query<{ behind: { search: number } }>(addresses, '/api/pipeline');
      return behind.search > 35;
    });
    for (const path of views) {
      const page = await visit(path);
      const badge = page.locator('[data-freshness=late]', { hasText: 's behind' });
      await badge.waitFor();
      expect(await badge.textContent()).toContain('search');
    }
    expect((await lab.command('resume', 'search')).code).toBe(0);
    const page = await visit('/traces');
    await page.locator('[data-freshness=late]').waitFor({ state: 'detached', timeout: 60_000 });
  }, 180_000);
});

async function exemplars(addresses: Addresses): Promise<number> {
  const path = '/api/metrics/query?name=http.server.request.duration&agg=p95&from=now-15m';
  return (await query<{ exemplars: unknown[] }>(addresses, path)).exemplars.length;
}
