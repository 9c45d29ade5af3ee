// An article from the draft to the reader, and its withdrawal.

import { expect, goto, hydrated, signIn, test } from '../fixtures';
import { COMPLIANCE, MARKETER, REP, makeLink } from '../steps';

test('an article is written, reviewed, published and withdrawn', async ({ page: marketer, newPerson }) => {
  test.skip(marketer.viewportSize()!.width < 1000, 'written and reviewed at a desk');
  test.setTimeout(120_000);
  const stamp = Date.now().toString(36);
  const title = `睡前三件事 ${stamp}`;
  const body = `睡前一小时不看手机 ${stamp}。`;
  await signIn(marketer, MARKETER);
  await goto(marketer, '/articles');
  await marketer.getByRole('link', { name: '新建文章' }).click();
  await marketer.getByLabel('标题').fill(title);
  await marketer.getByLabel('摘要').fill('怎样睡得好');
  await marketer.getByLabel('作者').fill('市场部');
  await marketer.getByLabel('有效期至').fill('2099-01-01');
  await marketer.getByLabel('正文').fill('先写一句。');
  await marketer.getByRole('button', { name: '保存' }).click();
  await marketer.waitForURL(/\/articles\/(?!new)[^/]+/);
  await expect(marketer.getByText('已保存。')).toBeVisible();
  const id = new URL(marketer.url()).pathname.split('/')[2];
  const status = (text: string) => marketer.locator('.badge').getByText(text, { exact: true });
  const submit = async () => {
    await goto(marketer, `/articles/${id}`);
    await marketer.getByRole('button', { name: '提交审核' }).click();
    await expect(status('审核中')).toBeVisible();
  };
  await submit();

  // Nobody outside the review sees it.
  const rep = await newPerson();
  await signIn(rep, REP);
  await goto(rep, `/articles?text=${stamp}`);
  await expect(rep.getByText('没有符合条件的内容。')).toBeVisible();
  expect((await goto(rep, `/articles/${id}`))!.status()).toBe(404);
  const visitor = await newPerson();
  expect((await goto(visitor, `/a/${id}`))!.status()).toBe(404);

  const reviewer = await newPerson();
  await signIn(reviewer, COMPLIANCE);
  await goto(reviewer, '/articles?status=in_review');
  await reviewer.getByRole('link', { name: title }).click();
  const back = reviewer.locator('form').filter({ has: reviewer.getByRole('button', { name: '退回修改' }) });
  await back.getByLabel('意见或原因').fill('请写出具体做法');
  await back.getByRole('button', { name: '退回修改' }).click();
  await expect(reviewer.locator('.badge').getByText('草稿', { exact: true })).toBeVisible();

  await goto(marketer, `/articles/${id}`);
  await expect(marketer.getByText('请写出具体做法')).toBeVisible();
  await marketer.getByRole('link', { name: '编辑' }).click();
  await marketer.getByLabel('正文').fill(body);
  await marketer.getByRole('button', { name: '保存' }).click();
  await expect(marketer.getByText('已保存。')).toBeVisible();
  await submit();
  // What is under review cannot be changed.
  await goto(marketer, `/articles/${id}/edit`);
  await expect(marketer.getByText('只有草稿可以修改')).toBeVisible();

  await goto(reviewer, `/articles/${id}`);
  const number = `YX-E2E-${stamp}`;
  await reviewer.getByLabel('审批编号').fill(number);
  await reviewer.locator('input[name="expires_on"]').fill('2098-12-31');
  await reviewer.getByRole('button', { name: '审核通过' }).click();
  await expect(reviewer.locator('.badge').getByText('已通过', { exact: true })).toBeVisible();
  expect((await goto(visitor, `/a/${id}`))!.status(), 'approved is not yet published').toBe(404);

  await goto(marketer, `/articles/${id}`);
  await marketer.getByRole('button', { name: '发布' }).click();
  await expect(status('已发布')).toBeVisible();

  await goto(visitor, `/library?text=${stamp}`);
  await visitor.getByRole('link', { name: title }).click();
  await visitor.waitForURL(/\/s\//);
  await expect(visitor.getByText(body)).toBeVisible();
  await expect(visitor.getByText(`审批编号 ${number} · 有效期至 2098-12-31`)).toBeVisible();

  await goto(rep, `/articles/${id}`);
  const link = await makeLink(rep);

  await goto(reviewer, `/articles/${id}`);
  await reviewer.locator('summary').getByText('撤回', { exact: true }).click();
  const withdraw = reviewer.locator('form').filter({ has: reviewer.getByRole('button', { name: '撤回' }) });
  await withdraw.getByLabel('意见或原因').fill('内容需要更新');
  await withdraw.getByRole('button', { name: '撤回' }).click();
  await expect(reviewer.locator('.badge').getByText('已撤回', { exact: true })).toBeVisible();
  await hydrated(reviewer);

  for (const address of [link, `/a/${id}`, visitor.url()]) {
    const answer = await goto(visitor, address);
    expect(answer!.status()).toBe(410);
    await expect(visitor.getByText('这篇文章已撤回，不再展示。')).toBeVisible();
    const html = await visitor.content();
    for (const hidden of [body, title, number]) expect(html).not.toContain(hidden);
  }
  await goto(visitor, `/library?text=${stamp}`);
  await expect(visitor.getByText('没有找到文章')).toBeVisible();
  expect((await goto(rep, `/articles/${id}/share`))!.status()).toBe(404);
});
