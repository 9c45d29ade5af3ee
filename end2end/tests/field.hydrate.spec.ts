// The day of a rep and the evening of their manager; what a rep does without a line; what colleagues write to each other.

import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, goto, hydrated, signIn, signInByForm, test } from '../fixtures';
import { ADMIN, COMPLIANCE, MANAGER, OTC_REP, REP } from '../steps';

/** Counts what fingers do on the page and on those after it. */
async function countTaps(page: Page) {
  await page.addInitScript(() => {
    addEventListener('pointerdown', () => sessionStorage.setItem('taps', String(Number(sessionStorage.getItem('taps')) + 1)), true);
  });
  await page.reload();
  await hydrated(page);
  await page.evaluate(() => sessionStorage.setItem('taps', '0'));
}
const taps = (page: Page) => page.evaluate(() => Number(sessionStorage.getItem('taps')));
/** How many records the rep has today. */
async function today(page: Page): Promise<number> {
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(new Date());
  await goto(page, `/visits?from=${day}&to=${day}`);
  const text = await page.locator('main').innerText();
  return Number(/共 (\d+) 条/.exec(text)?.[1] ?? 0);
}
/** A choice by one tap: the box itself lies hidden under its label. */
const chip = (page: Page, group: string, name: string | RegExp) =>
  page.getByRole('group', { name: group }).locator('label').filter({ hasText: name }).first();

test('the day of a rep and the evening of their manager', async ({ page, context, newPerson, problems }) => {
  test.setTimeout(150_000);
  problems.allow(/status of 422/);
  await context.grantPermissions(['geolocation']);
  await context.setGeolocation({ latitude: 31.27, longitude: 121.52, accuracy: 20 });
  await signIn(page, REP);
  // In the morning: what is planned for today.
  await expect(page.getByRole('heading', { name: '今日拜访计划' })).toBeVisible();
  const before = await today(page);
  await goto(page, '/plans');
  const suggested = page.getByRole('button', { name: /^加入 \d/ }).first();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await suggested.click();
  await expect(page.getByText('已加入计划')).toBeVisible();

  // At the hospital: one press.
  await goto(page, '/checkin');
  const box = page.getByRole('checkbox', { name: '我同意在打卡时读取我的位置' });
  if (await box.isVisible()) await box.check();
  await page.locator('#terminal').selectOption({ index: 1 });
  await page.getByRole('button', { name: '签到' }).click();
  await expect(page.getByText('已打卡')).toBeVisible();

  // After the talk, from the first page: taps are counted.
  await goto(page, '/');
  await countTaps(page);
  await page.getByRole('link', { name: '学术拜访' }).first().click();
  await page.waitForURL(/\/visits\/new/);
  await expect(chip(page, '拜访方式', '面对面').locator('input')).toBeChecked();
  // Nobody of this terminal yet: another one.
  const people = page.getByRole('group', { name: '见到的客户' }).locator('label');
  for (let i = 1; (await people.count()) === 0 && i < 20; i += 1) {
    await page.locator('#terminal').selectOption({ index: i });
    await page.waitForTimeout(300);
  }
  await people.first().click();
  await chip(page, '谈到的话题', '指南').click();
  await chip(page, '谈到的话题', '安全性').click();
  await page.getByText('展示的资料').click();
  await page.getByRole('button', { name: '打开' }).first().click();
  await expect(page.locator('#material article')).toBeVisible();
  await page.waitForTimeout(1_200);
  await page.getByRole('button', { name: '展示完毕' }).click();
  await expect(page.getByText(/已展示 [12] 秒/)).toBeVisible();
  await chip(page, '客户反馈', '感兴趣').click();
  await page.getByLabel('一句话记录').fill('医生提到一名患者用药后皮疹');
  await expect(page.getByText('可能涉及不良事件，请上报')).toBeVisible();
  await expect(page.getByRole('link', { name: '上报不良事件' }).first()).toHaveAttribute('href', /adverse-events\/new\?hcp=.+&visit=.+/);
  await page.getByLabel('客户的需求').fill('带一份患者教育折页');
  await chip(page, '下次拜访', '14 天后').click();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.getByRole('button', { name: '保存拜访' }).click();
  await page.waitForURL(/\/visits\/(?!new)[^/]+$/);
  // From the first page to the stored record, with a tap each for the two fields of text, which `fill` does not need.
  expect((await taps(page)) + 2).toBeLessThanOrEqual(12);
  await hydrated(page);
  await expect(page.getByText('可能涉及不良事件，请上报')).toBeVisible();
  await expect(page.getByText(/展示 [12] 秒/)).toBeVisible();
  const record = new URL(page.url()).pathname;
  await expectAccessible(page);
  await goto(page, '/tasks');
  await expect(page.getByText('带一份患者教育折页').first()).toBeVisible();
  expect(await today(page)).toBe(before + 1);

  // In the evening the manager reads it; the rep's open page says so at once.
  await goto(page, '/');
  await expect(page.getByText(/条拜访记录待补充/)).toHaveText(/\d+/);
  const asked = Number(/(\d+) 条拜访记录待补充/.exec(await page.locator('main').innerText())![1]);
  const manager = await newPerson();
  await signIn(manager, MANAGER);
  await manager.getByRole('link', { name: /条拜访记录待点评/ }).click();
  await manager.waitForURL(/state=waiting/);
  await goto(manager, record);
  await manager.getByRole('group', { name: '星级' }).locator('label').nth(3).click();
  await manager.getByLabel('请代表补充').check();
  await manager.getByRole('button', { name: '提交点评' }).click();
  await expect(manager.getByText('请写明需要补充什么')).toBeVisible();
  await manager.getByLabel('评语').fill('请补充皮疹出现的时间');
  await manager.getByRole('button', { name: '提交点评' }).click();
  await expect(manager.getByText('点评已提交')).toBeVisible();
  await expect(page.getByText(`${asked + 1} 条拜访记录待补充`)).toBeVisible();
  await goto(page, record);
  await page.getByLabel('补充说明').fill('用药后第二天');
  await page.getByRole('button', { name: '提交补充' }).click();
  await expect(page.getByText('补充已提交')).toBeVisible();
  await goto(manager, '/visits/compare');
  await expectAccessible(manager);
  await expectNoSidewaysScroll(manager);
  await expect(manager.getByRole('columnheader', { name: '平均星级' })).toBeVisible();
});

test('without a line nothing is lost and nothing doubled, even when the tab is killed', async ({ browser, problems }) => {
  test.setTimeout(120_000);
  problems.allow(/ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to fetch|service worker/i);
  const context = await browser.newContext();
  let page = await context.newPage();
  await signInByForm(page, REP);
  const before = await today(page);
  // Opened once with a line, the pages stand without one.
  await goto(page, '/visits/new');
  await page.evaluate('navigator.serviceWorker.ready.then(() => 1)');
  await goto(page, '/visits/new');
  await expect.poll(() => page.evaluate('caches.keys().then((names) => Promise.all(names.map(async (n) => (await (await caches.open(n)).keys()).length))).then((n) => n.join())')).toMatch(/[1-9]/);
  await context.setOffline(true);
  await goto(page, '/visits/new');
  await expect(page.getByRole('heading', { level: 1, name: '学术拜访' })).toBeVisible();
  // A draft outlives its tab.
  const people = page.getByRole('group', { name: '见到的客户' }).locator('label');
  await expect(people.first()).toBeVisible();
  await people.first().click();
  await page.getByLabel('一句话记录').fill('地下室没有信号');
  await page.close();
  page = await context.newPage();
  await goto(page, '/visits/new');
  await expect(page.getByText('已恢复上次未提交的内容')).toBeVisible();
  await expect(page.getByLabel('一句话记录')).toHaveValue('地下室没有信号');
  await page.getByRole('button', { name: '保存拜访' }).click();
  await expect(page.getByText('1 条记录已保存在本机')).toBeVisible();
  await expect(page.getByLabel('一句话记录')).toHaveValue('');
  // So does a record that waits, and it is sent once.
  await page.close();
  page = await context.newPage();
  await goto(page, '/visits/new');
  await context.setOffline(false);
  await page.waitForURL(/\/visits\/(?!new)[^/]+$/, { timeout: 30_000 });
  await expect(page.getByText('地下室没有信号')).toBeVisible();
  expect(await today(page)).toBe(before + 1);

  // What the server refuses stands in the form again, with the reason.
  await goto(page, '/visits/new');
  await page.getByRole('group', { name: '见到的客户' }).locator('input:checked').evaluateAll((all) => all.forEach((e) => ((e as HTMLInputElement).checked = false)));
  await page.getByLabel('一句话记录').fill('忘了选客户');
  problems.allow(/status of 422/);
  await page.getByRole('button', { name: '保存拜访' }).click();
  await expect(page.getByText('请选择见到的客户')).toBeVisible();
  await expect(page.getByLabel('一句话记录')).toHaveValue('忘了选客户');
  // Signing out says what is not sent, and clears the phone.
  await goto(page, '/sign-out');
  await expect(page.getByText('还有 1 条打卡、拜访或答题记录没有提交')).toBeVisible();
  await page.getByRole('button', { name: '退出登录' }).click();
  await page.waitForURL(/\/sign-in/);
  expect(await page.evaluate('caches.keys().then((names) => names.length)')).toBe(0);
  expect(await page.evaluate('new Promise((done) => { const asked = indexedDB.open("mailuo", 1); asked.onsuccess = () => { const all = asked.result.transaction("outbox").objectStore("outbox").count(); all.onsuccess = () => done(all.result); }; })')).toBe(0);
  await context.close();
});

test('a new version of the worker replaces the copies of the old, and an empty cache is no trouble', async ({ browser }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signInByForm(page, REP);
  // What a worker of an earlier version left behind.
  await page.evaluate(async () => (await caches.open('mailuo-before')).put('/checkin', new Response('an old page')));
  const kept = () =>
    page.evaluate(async () => {
      const found: Record<string, string> = {};
      for (const name of await caches.keys()) {
        const copy = await (await caches.open(name)).match('/checkin');
        if (copy) found[name] = await copy.text();
      }
      return found;
    });
  await goto(page, '/visits/new');
  await page.evaluate('navigator.serviceWorker.ready.then(() => 1)');
  await expect.poll(async () => Object.keys(await kept()).filter((name) => name !== 'mailuo-before').length).toBe(1);
  await expect.poll(async () => Object.keys(await kept()).join()).not.toContain('mailuo-before');
  const [copy] = Object.values(await kept());
  expect(copy).toContain('快速打卡');
  await page.evaluate(async () => {
    for (const name of await caches.keys()) await caches.delete(name);
  });
  await goto(page, '/checkin');
  await expect(page.getByRole('heading', { level: 1, name: /快速打卡/ })).toBeVisible();
  // Whoever signs in next finds no page of whoever was there.
  await expect.poll(async () => Object.keys(await kept()).length).toBe(1);
  await context.clearCookies();
  await goto(page, '/sign-in');
  await expect.poll(async () => Object.keys(await kept()).length).toBe(0);
  await context.close();
});

test('a message is read, answered and done; a complaint comes back', async ({ page, newPerson, problems }) => {
  test.setTimeout(90_000);
  problems.allow(/status of 422/);
  const title = `周会 ${Date.now().toString(36)}`;
  const manager = await newPerson();
  await signIn(manager, MANAGER);
  await goto(manager, '/memos/new');
  await manager.getByLabel('标题').fill(title);
  await manager.getByLabel('内容').fill('请准备案例');
  await manager.getByRole('button', { name: '发送' }).click();
  await expect(manager.getByText('请选择部门或填写收件人')).toBeVisible();
  await manager.getByLabel('部门（含下级）').selectOption({ index: 1 });
  await manager.getByLabel('完成期限').fill('2099-01-01');
  await manager.getByRole('button', { name: '发送' }).click();
  await expect(manager.getByText('已发送')).toBeVisible();
  await signIn(page, REP);
  await goto(page, '/memos');
  await page.getByRole('link', { name: new RegExp(title) }).click();
  await page.getByRole('button', { name: '我已阅读' }).click();
  await expect(page.getByText('已标为已读')).toBeVisible();
  await page.getByLabel('回复内容').fill('收到');
  await page.getByRole('button', { name: '回复', exact: true }).click();
  await expect(page.getByText('已回复')).toBeVisible();
  await expectAccessible(page);
  await goto(page, '/tasks');
  const task = page.getByRole('listitem').filter({ hasText: title });
  await task.getByRole('button', { name: '完成' }).click();
  await expect(task).toHaveCount(0);
  await manager.reload();
  await expect(manager.getByText('收到')).toBeVisible();
  await expectAccessible(manager);

  const body = `希望能导出 ${Date.now().toString(36)}`;
  await goto(page, '/complaints');
  await page.getByLabel('内容').fill(body);
  await page.getByRole('button', { name: '提交' }).click();
  await expect(page.getByText(body)).toBeVisible();
  const admin = await newPerson();
  await signIn(admin, ADMIN);
  await admin.getByRole('link', { name: /条投诉建议待答复/ }).click();
  const card = admin.locator('li').filter({ hasText: body });
  await card.getByLabel('答复').fill('下个版本支持');
  await card.getByRole('button', { name: '答复' }).click();
  await expect(card).toHaveCount(0);
  await page.reload();
  await expect(page.getByText('下个版本支持').first()).toBeVisible();
});

test('an adverse event is reported in two taps and reaches compliance', async ({ page, newPerson, problems }) => {
  problems.allow(/status of 422/);
  await signIn(page, OTC_REP);
  await page.getByRole('link', { name: '不良事件' }).first().click();
  await page.waitForURL(/adverse-events/);
  await goto(page, '/adverse-events/new');
  const product = `演示药 ${Date.now().toString(36)}`;
  await page.getByLabel('患者').fill('男，五十余岁');
  await page.getByLabel('报告来源').fill('门店店员');
  await page.getByLabel('产品').fill(product);
  await page.getByLabel('事件经过').fill('服药后头晕');
  await page.getByRole('button', { name: '提交' }).click();
  await expect(page.getByText('请填写或选择此项')).toBeVisible();
  await page.getByLabel('严重程度').selectOption('serious');
  await page.getByRole('button', { name: '提交' }).click();
  await expect(page.getByText('已上报，合规部门已收到')).toBeVisible();
  const compliance = await newPerson();
  await signIn(compliance, COMPLIANCE);
  await compliance.getByRole('link', { name: /起不良事件处理中/ }).click();
  await compliance.getByRole('link', { name: new RegExp(product) }).click();
  await compliance.getByLabel('处理说明').fill('已联系报告人');
  await compliance.getByRole('button', { name: '记录', exact: true }).click();
  await expect(compliance.getByText('已记录')).toBeVisible();
  await expect(compliance.getByText('已跟进')).toBeVisible();
  await expectAccessible(compliance);
  await expectNoSidewaysScroll(compliance);
});

test('the first page is put in one’s own order', async ({ page }) => {
  await signIn(page, OTC_REP);
  await goto(page, '/?arrange=1');
  const line = page.getByRole('listitem').filter({ hasText: '最近阅读' });
  await line.getByRole('button', { name: '隐藏' }).click();
  await expect(line.getByRole('button', { name: '显示' })).toBeVisible();
  await goto(page, '/');
  await expect(page.getByRole('heading', { name: '最近阅读' })).toHaveCount(0);
  await goto(page, '/?arrange=1');
  await page.getByRole('button', { name: '恢复默认' }).click();
  await expect(line.getByRole('button', { name: '隐藏' })).toBeVisible();
});

test('what is put into filters before the page has hydrated stays', async ({ page }) => {
  await signIn(page, MANAGER);
  await page.addInitScript(() => {
    // Before any script of the page.
    document.addEventListener('readystatechange', () => {
      if (document.readyState !== 'interactive') return;
      for (const [name, value] of [['text', '张'], ['state', 'flagged'], ['from', '2020-01-02']]) {
        const field = document.querySelector<HTMLInputElement>(`form[role=search] [name="${name}"]`);
        if (field) field.value = value;
      }
    });
  });
  await goto(page, '/visits?state=waiting');
  const field = (name: string) => page.locator(`form[role=search] [name="${name}"]`);
  await expect(field('text')).toHaveValue('张');
  await expect(field('state')).toHaveValue('flagged');
  await expect(field('from')).toHaveValue('2020-01-02');
});
