// What public pages weigh, which headers they carry, and what unknown addresses say.

import type { Page } from '@playwright/test';
import { expect, goto, signIn, test } from '../fixtures';
import { PUBLIC_ARTICLE, REP, makeCode, makeLink, openArticle, openFreshHcp } from '../steps';

const LIMIT = 60 * 1024;

/** Bytes over the wire of a cold load without images, and the addresses asked for. */
async function weigh(page: Page, url: string) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  const images = new Set<string>();
  const urls: string[] = [];
  let bytes = 0;
  session.on('Network.requestWillBeSent', (event) => {
    urls.push(event.request.url);
    if (event.type === 'Image') images.add(event.requestId);
    if (event.redirectResponse) bytes += event.redirectResponse.encodedDataLength;
  });
  session.on('Network.loadingFinished', (event) => {
    if (!images.has(event.requestId)) bytes += event.encodedDataLength;
  });
  const answer = (await page.goto(url))!;
  await page.waitForLoadState('networkidle');
  await session.detach();
  return { bytes, urls, answer };
}

test('public pages are light, ship no wasm and carry the security headers', async ({ page: rep, newPerson }) => {
  test.skip(rep.viewportSize()!.width > 1000, 'the same bytes on every screen');
  await signIn(rep, REP);
  await openFreshHcp(rep);
  const code = await makeCode(rep);
  await openArticle(rep, PUBLIC_ARTICLE);
  const link = await makeLink(rep);
  for (const url of [link, code, '/library', '/onboard', '/sign-in']) {
    const visitor = await newPerson();
    const { bytes, urls, answer } = await weigh(visitor, url);
    test.info().annotations.push({ type: 'bytes', description: `${url}: ${bytes}` });
    expect.soft(bytes, `bytes of ${url}`).toBeGreaterThan(1_000);
    expect.soft(bytes, `bytes of ${url}`).toBeLessThanOrEqual(LIMIT);
    expect(urls.filter((asked) => /\.wasm|\/pkg\/.*\.js/.test(asked)), url).toEqual([]);
    // Nothing comes from elsewhere.
    expect(urls.filter((asked) => !asked.startsWith(new URL(rep.url()).origin) && !asked.startsWith('data:')), url).toEqual([]);
    const headers = answer.headers();
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['referrer-policy']).toBe('same-origin');
    expect(headers['cache-control']).toContain('no-store');
  }
});

test('unknown addresses get a page that helps', async ({ page }) => {
  expect((await goto(page, '/s/unknown'))!.status()).toBe(404);
  await expect(page.getByText('没有找到这个页面或内容。')).toBeVisible();
  await page.getByRole('link', { name: '全部文章' }).click();
  await expect(page.getByRole('heading', { level: 1, name: '内容库' })).toBeVisible();

  expect((await goto(page, '/i/unknown'))!.status()).toBe(404);
  await expect(page.getByRole('heading', { name: '无法识别这个二维码' })).toBeVisible();
  await page.getByRole('link', { name: '我是医务人员' }).click();
  await expect(page.getByRole('heading', { name: '医务人员登记' })).toBeVisible();
});

test('the library is searched by word and by tag @nojs', async ({ page }) => {
  await goto(page, '/library');
  await page.getByRole('searchbox', { name: '搜索文章' }).fill('量血压');
  await page.getByRole('button', { name: '搜索' }).click();
  await expect(page.getByRole('link', { name: PUBLIC_ARTICLE })).toBeVisible();
  await expect(page.getByText('仅限医务人员', { exact: true })).toHaveCount(0);
  await page.getByRole('searchbox', { name: '搜索文章' }).fill('没有这样的词');
  await page.getByRole('button', { name: '搜索' }).click();
  await expect(page.getByText('没有找到文章')).toBeVisible();
  await goto(page, '/library');
  const all = await page.locator('main li').count();
  await page.getByRole('navigation', { name: '标签' }).getByRole('link').first().click();
  await expect(page.locator('a[aria-current="true"]')).toHaveCount(1);
  expect(await page.locator('main li').count()).toBeLessThan(all);
});
