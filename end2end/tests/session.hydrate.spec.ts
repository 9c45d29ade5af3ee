// Staff pages with JavaScript: sessions that end, history, foreign ids, double presses.

import { expect, goto, hydrated, signIn, test } from '../fixtures';
import { MANAGER, PUBLIC_ARTICLE, REP, TRADE_REP, makeLink, openArticle, openFreshHcp, read } from '../steps';

test('a session that ended leads to sign-in when a form is sent', async ({ page, problems }) => {
  problems.allow(/status of 401/);
  await signIn(page, REP);
  await openFreshHcp(page);
  await page.context().clearCookies({ name: 'sid' });
  await page.getByRole('button', { name: '生成专属二维码' }).click();
  await expect(page.getByRole('button', { name: '登录', exact: true })).toBeVisible();
});

test('what was typed outlives the session', async ({ page, problems }) => {
  problems.allow(/status of 401/, /status of 409/);
  await signIn(page, REP);
  await goto(page, '/hcps/new');
  await page.getByLabel('姓名', { exact: false }).first().fill('温故知');
  await page.getByLabel('医院').first().fill('一所医院');
  await page.getByLabel('职称').first().fill('主治医师');
  await page.context().clearCookies({ name: 'sid' });
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.getByText('登录已过期，填写的内容还在。')).toBeVisible();
  // The other way to sign in keeps it too.
  await page.getByRole('button', { name: '用短信验证码登录' }).click();
  await page.getByRole('button', { name: '用密码登录' }).click();
  await page.locator('input[name="phone"]').fill(REP);
  await page.locator('input[name="password"]').fill('mailuo-demo');
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await expect(page.getByText('填写的内容还在，尚未提交。')).toBeVisible();
  await expect(page.getByLabel('姓名', { exact: false }).first()).toHaveValue('温故知');
  await expect(page.getByLabel('职称').first()).toHaveValue('主治医师');
});

test('back before a page has hydrated shows the page of the address', async ({ page }) => {
  await signIn(page, REP);
  await page.getByRole('link', { name: '内容', exact: true }).locator('visible=true').first().click();
  await page.waitForURL('**/articles');
  await page.getByRole('link', { name: '我的', exact: true }).locator('visible=true').first().click();
  await page.waitForURL('**/account');
  await page.goto('/library');
  // Twice, the second time while the first page still loads its code. After the call has answered: the page goes away.
  await page.evaluate(() => setTimeout(() => history.back()));
  await page.waitForURL('**/account', { waitUntil: 'commit' });
  await page.evaluate(() => setTimeout(() => history.back()));
  await page.waitForURL('**/articles');
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1, name: '内容' })).toBeVisible();
});

test('a page keeps its title while it hydrates', async ({ page }) => {
  await signIn(page, REP);
  await page.addInitScript(() => {
    const titles = new Set<string>();
    Object.assign(window, { titles });
    document.addEventListener('DOMContentLoaded', () => setInterval(() => titles.add(document.title), 1));
  });
  await goto(page, '/hcps');
  await page.waitForTimeout(500);
  const seen = await page.evaluate(() => [...(window as unknown as { titles: Set<string> }).titles]);
  expect(seen).toEqual([await page.title()]);
});

test('a session that ended leads to sign-in when a link is followed, and back to the page', async ({ page, problems }) => {
  problems.allow(/status of 401/);
  await signIn(page, REP);
  await goto(page, '/hcps');
  await page.context().clearCookies({ name: 'sid' });
  await page.locator('main tbody a[href^="/hcps/"]').first().click();
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
  // The unfiltered list; what stands in the field is the browser's own memory of what was typed.
  await page.goBack();
  await page.waitForURL(/\/articles$/);
  await expect(page.locator('main ul > li').nth(3)).toBeVisible();
  await page.goForward();
  await page.waitForURL(/text=/);
  await expect(page.locator('main ul > li')).toHaveCount(1);
});

test('what belongs to others, or to nobody, is not found', async ({ page, newPerson }) => {
  // An HCP of another rep, from the manager's list.
  const manager = await newPerson();
  await signIn(manager, MANAGER);
  await signIn(page, REP);
  const repName = (await page.locator('main p .font-semibold').first().textContent())!.trim();
  await goto(manager, '/hcps');
  const foreign = manager.locator('main tbody tr').filter({ hasNotText: `归属 ${repName}` }).filter({ hasText: '归属' }).first().locator('a[href^="/hcps/"]');
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
  for (const address of ['/people', '/people/new', '/units', '/audit', '/hcps/pending', '/transfers', '/duplicates', '/codes', '/shares', '/terminals', '/sms', '/settings', '/import', '/articles/new']) {
    expect.soft((await goto(page, address))!.status(), address).toBe(403);
    await expect.soft(page.getByText('当前角色没有此操作的权限'), address).toBeVisible({ timeout: 2_000 });
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

test('a revoked code says so, and so does a revoked link', async ({ page, newPerson }) => {
  await signIn(page, REP);
  await openFreshHcp(page);
  await page.getByRole('button', { name: '生成专属二维码' }).click();
  await page.waitForURL(/\/code/);
  const code = await page.getByLabel('邀请链接').inputValue();
  await page.locator('summary').getByText('撤销', { exact: true }).click();
  await page.getByRole('button', { name: '撤销' }).click();
  await page.waitForURL(/\/hcps\/[^/]+$/);
  await expect(page.getByText('二维码已撤销。')).toBeVisible();
  await expect(page.getByText('未入库', { exact: true })).toBeVisible();
  const doctor = await newPerson();
  expect((await goto(doctor, code))!.status()).toBe(410);
  await expect(doctor.getByRole('heading', { name: '这个二维码已撤销' })).toBeVisible();

  await openArticle(page, PUBLIC_ARTICLE);
  const link = await makeLink(page);
  const own = await read(doctor, link);
  await goto(page, page.url().split('?')[0]);
  await page.getByRole('listitem').filter({ hasText: '通用链接' }).first().locator('summary').click();
  await page.getByRole('listitem').filter({ hasText: '通用链接' }).first().getByRole('button', { name: '撤销' }).click();
  await expect(page.getByText('链接已撤销。')).toBeVisible();
  // The link, and what was passed on through it.
  for (const address of [link, own]) {
    expect((await goto(doctor, address))!.status()).toBe(410);
    await expect(doctor.getByText('这个链接已失效。')).toBeVisible();
  }
});
