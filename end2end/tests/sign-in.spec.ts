import { expect, expectAccessible, expectNoSidewaysScroll, signInByForm, test } from '../fixtures';

test('a rep signs in with phone and password @nojs', async ({ page }) => {
  await signInByForm(page, '13900000001');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
});
