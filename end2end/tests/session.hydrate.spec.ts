// Staff pages with JavaScript: sessions that end, history, foreign ids, double presses.

import { expect, goto, hydrated, signIn, test } from '../fixtures';
import { MANAGER, PUBLIC_ARTICLE, REP, TRADE_REP, openArticle, openFreshHcp } from '../steps';

test('a session that ended leads to sign-in when a form is sent', async ({ page, problems }) => {
  problems.allow(/status of 401/);
  await signIn(page, REP);
  await openFreshHcp(page);
  await page.context().clearCookies({ name: 'sid' });
  await page.getByRole('button', { name: '生成专属二维码' }).click();
  await page.waitForURL(/\/sign-in/);
  await expect(page.getByRole('button', { name: '登录', exact: true })).toBeVisible();
});

test('a session that ended leads to sign-in when a link is followed, and back to the page', async ({ page, problems }) => {
  problems.allow(/status of 401/);
  await signIn(page, REP);
  await goto(page, '/hcps');
  await page.context().clearCookies({ name: 'sid' });
  await page.locator('main ul a[href^="/hcps/"]').first().click();
  await expect(page.getByRole('link', { name: '登录' }).or(page.getByRole('button', { name: '登录', exact: true }))).toBeVisible();
  await goto(page, '/hcps?state=listed');
  expect(new URL(page.url()).pathname).toBe('/sign-in');
  await page.locator('input[name="phone"]').fill(REP);
  await page.locator('input[name="password"]').fill('mailuo-demo');
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await page.waitForURL(/\/hcps\?state=listed$/);
});

test('the back button goes back through pages and filters', async ({ page }) => {
  await signIn(page, REP);
  await page.getByRole('link', { name: '内容', exact: true }).locator('visible=true').first().click();
  await page.waitForURL('**/articles');
  await page.getByRole('searchbox').fill('量血压');
  await page.getByRole('button', { name: '搜索', exact: true }).click();
  await page.waitForURL(/text=/);
  await hydrated(page);
  await page.locator('main').getByRole('link', { name: PUBLIC_ARTICLE }).click();
  await expect(page.getByRole('heading', { level: 1, name: PUBLIC_ARTICLE })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: '内容' })).toBeVisible();
  await expect(page.locator('main').getByRole('link', { name: PUBLIC_ARTICLE })).toBeVisible();
  await expect(page.getByRole('searchbox')).toHaveValue('量血压');
  await page.goBack();
  await expect(page.getByRole('searchbox')).toHaveValue('');
  await expect(page.locator('main ul > li')).not.toHaveCount(1);
  await page.goForward();
  await expect(page.getByRole('searchbox')).toHaveValue('量血压');
});

test('what belongs to others, or to nobody, is not found', async ({ page, newPerson }) => {
  // An HCP of another rep, from the manager's list.
  const manager = await newPerson();
  await signIn(manager, MANAGER);
  await signIn(page, REP);
  const repName = (await page.locator('main p .font-semibold').first().textContent())!.trim();
  await goto(manager, '/hcps');
  const foreign = manager.locator('main ul a[href^="/hcps/"]').filter({ hasNotText: `归属 ${repName}` }).filter({ hasText: '归属' }).first();
  const href = (await foreign.getAttribute('href'))!;
  for (const address of [href, '/hcps/00000000-0000-0000-0000-000000000000', '/hcps/x', '/no-such-page']) {
    const answer = await goto(page, address);
    expect(answer!.status(), address).toBe(404);
    await expect(page.getByText('没有找到这个页面或内容。')).toBeVisible();
  }
  await page.getByRole('link', { name: '返回首页' }).click();
  await expect(page.getByRole('heading', { level: 1, name: '工作台' })).toBeVisible();
});

test('what a role may not do is refused with a page that says so', async ({ page }) => {
  await signIn(page, TRADE_REP);
  for (const address of ['/people', '/audit', '/hcps', '/import']) {
    expect((await goto(page, address))!.status(), address).toBe(403);
    await expect(page.getByText('当前角色没有此操作的权限')).toBeVisible();
  }
});

test('a double press makes one code, a double press makes one link', async ({ page }) => {
  await signIn(page, REP);
  await openFreshHcp(page);
  await page.getByRole('button', { name: '生成专属二维码' }).dblclick();
  await page.waitForURL(/\/code/);
  const code = await page.getByLabel('邀请链接').inputValue();
  await page.waitForTimeout(500);
  expect(await page.getByLabel('邀请链接').inputValue()).toBe(code);
  const answer = await page.request.get(code);
  expect(answer.status()).toBe(200);

  await openArticle(page, PUBLIC_ARTICLE);
  await page.getByRole('link', { name: '分享', exact: true }).click();
  await page.waitForURL(/\/share$/);
  await expect(page.getByRole('button', { name: '生成通用链接' })).toBeVisible();
  const mine = page.locator('section').filter({ has: page.getByRole('heading', { name: '我的链接' }) }).getByRole('listitem');
  const before = await mine.count();
  await page.getByRole('button', { name: '生成通用链接' }).dblclick();
  await page.waitForURL(/made=/);
  await goto(page, page.url().split('?')[0]);
  // Twenty are listed at most.
  await expect(mine).toHaveCount(Math.min(before + 1, 20));
});

test('a revoked link and a revoked code say so', async ({ page, newPerson }) => {
  await signIn(page, REP);
  await openFreshHcp(page);
  await page.getByRole('button', { name: '生成专属二维码' }).click();
  await page.waitForURL(/\/code/);
  const code = await page.getByLabel('邀请链接').inputValue();
  await page.locator('summary').getByText('撤销', { exact: true }).click();
  await page.getByRole('button', { name: '撤销' }).click();
  await expect(page.getByText('目前没有有效的专属二维码。')).toBeVisible();
  const doctor = await newPerson();
  expect((await goto(doctor, code))!.status()).toBe(410);
  await expect(doctor.getByRole('heading', { name: '这个二维码已撤销' })).toBeVisible();
});
