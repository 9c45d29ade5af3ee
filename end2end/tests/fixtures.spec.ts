// That tests fail where they must: what the browser and the server complain of is noticed, whoever made the context.

import type { BrowserContext, Page } from '@playwright/test';
import { expect, goto, hasJs, test } from '../fixtures';

/** A page of the server with something in it that its policy forbids. */
async function openForbidden(page: Page) {
  await page.route('**/library', async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace('<main>', '<main><p style="color: red">forbidden</p>');
    await route.fulfill({ response: answer, body });
  });
  await goto(page, '/library');
  await expect(page.getByText('forbidden')).toBeVisible();
}

test('a violation of the content security policy is noticed @nojs', async ({ page, problems }) => {
  await openForbidden(page);
  await expect.poll(() => problems.list().filter((line) => line.startsWith('console: ')).join()).toMatch(/Content Security Policy/i);
  if (hasJs(page)) {
    await expect.poll(() => problems.list().join('\n')).toMatch(/^content security policy: style-src-attr forbids inline/m);
  }
  problems.allow(/content security policy/i);
});

test('so is one in a context that a test makes, and in a popup', async ({ browser, problems }) => {
  const context: BrowserContext = await browser.newContext();
  const page = await context.newPage();
  await openForbidden(page);
  await expect.poll(() => problems.list().join('\n')).toMatch(/^content security policy: style-src-attr/m);
  problems.allow(/content security policy/i);
  expect(problems.list()).toEqual([]);
  const opened = context.waitForEvent('page');
  await page.evaluate(() => void window.open('/sign-in'));
  const popup = await opened;
  await popup.waitForURL(/sign-in/);
  await popup.evaluate(() => void setTimeout(() => { throw new Error('of the popup'); }));
  await expect.poll(() => problems.list().join()).toContain('of the popup');
  problems.allow(/of the popup/);
  await context.close();
});

test('an answer of 5xx and an exception are noticed', async ({ page, problems }) => {
  await page.route('**/js/nothing.js', (route) => route.fulfill({ status: 503, body: '' }));
  await goto(page, '/library');
  await page.evaluate(() => fetch('/js/nothing.js').then((answer) => answer.text()));
  await page.evaluate(() => void setTimeout(() => { throw new Error('on purpose'); }));
  await expect.poll(() => problems.list().join('\n')).toMatch(/^exception: Error: on purpose/m);
  expect(problems.list().join('\n')).toMatch(/^answer 503 to GET \(.*\/js\/nothing\.js\)/m);
  problems.allow(/status of 503/, /answer 503/, /on purpose/);
});
