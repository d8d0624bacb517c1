import { LagBoard } from '@spillway/broker';
import { chromiumPath, findColour, tabTo } from '@spillway/test-support/chromium';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { PageUnderTest } from './support/page-under-test.ts';
import { waitingMessage } from './support/running-console.ts';
import { Shop } from './support/shop.ts';

const shop = new Shop({ nowMs: Date.now() });
const metric = '/explore?name=http.server.request.duration&groupBy=http.route';

describe.skipIf(!chromiumPath)('an operator', () => {
  const tested = new PageUnderTest();
  beforeAll(() => tested.start({ messages: shop.messages() }));
  afterEach(() => tested.leave());
  afterAll(() => tested.stop());

  describe('one question after another', () => {
    it('by mouse: exemplar, trace, its logs, and back', async () => {
      const { page } = await tested.visit(metric);
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
    });

    it('by keyboard: exemplar, trace, its logs, and back', async () => {
      const { page } = await tested.visit('/services');
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
    });

    it('keeps the range along the way, and a drag over a chart sets it', async () => {
      const { page } = await tested.visit('/traces?from=now-55m&service=checkout');
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
    });
  });

  describe('the URL', () => {
    it('holds the whole view: reload and back give it again', async () => {
      const { page } = await tested.visit('/traces');
      await page.getByLabel('Service').fill('frontend');
      await page.getByLabel('Status').selectOption('error');
      await page.getByLabel('Attributes').fill('http.route=/checkout');
      // What is chosen stays while the lists of names arrive.
      await page.locator('datalist option').first().waitFor({ state: 'attached' });
      // Until the answer is there, the page shows the list before it, dimmed.
      const answered = page.waitForResponse(/api\/traces\?.*status=error/);
      await page.getByRole('button', { name: 'Search' }).click();
      await page.waitForURL(/status=error.*attr\.http\.route=/);
      await answered;
      await page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
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
    });
  });

  describe('states', () => {
    it('empty says what to do next', async () => {
      const { page } = await tested.visit('/logs?from=2020-01-01&to=2020-01-02');
      await page.getByText('curl -sS http://127.0.0.1:4318/v1/logs').waitFor();
    });

    it('an error says what failed and offers to try again; the old data stays', async () => {
      const { page } = await tested.visit('/services');
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
    });

    it('a late group is named on every view', async () => {
      let nowMs = Date.now();
      const late = await tested.other({ messages: [], clock: () => nowMs });
      await late.broker.publish([waitingMessage(shop.spans.slice(0, 1))]);
      nowMs += 95_000;
      const { page } = await tested.visit(late.address);
      for (const path of ['/services', '/traces', '/logs', '/explore', '/map', '/pipeline']) {
        await page.goto(late.address + path);
        const badge = page.locator('[data-freshness=late]', { hasText: '95 s behind' });
        await badge.waitFor();
        expect(await badge.textContent()).toContain('search');
      }
    });

    it('what is unknown is not zero', async () => {
      const failing = () => Promise.reject(new Error('no broker'));
      const lagBoard = new LagBoard({ broker: { lag: failing, groups: failing }, groups: [] });
      const blind = await tested.other({ messages: [], options: { lagBoard } });
      const { page } = await tested.visit(`${blind.address}/logs`);
      await page.locator('[data-freshness=unknown]', { hasText: 'unknown' }).waitFor();
      await page.goto(`${blind.address}/pipeline`);
      await page.getByText('The lag of search is not known').waitFor();
    });
  });
});
