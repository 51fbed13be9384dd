import type { Locator, Page } from 'playwright-core';

/** Enters the token as a person does. */
export async function authorize(page: Page, token: string): Promise<void> {
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  const dialog = page.locator('.modal-ux');
  await dialog.locator('input').fill(token);
  await dialog.getByRole('button', { name: 'Apply credentials' }).click();
  await dialog.getByRole('button', { name: 'Close' }).click();
}

/**
 * Opens an operation (with "Try it out" if it offers it), enters the body unless it is null, executes, and reads the
 * reply from the page.
 */
export async function tryOut(
  page: Page,
  method: string,
  path: string,
  body: unknown,
  parameters: Readonly<Record<string, string>> = {},
) {
  const operation = page.locator(`.opblock-${method}`, { has: page.locator(`[data-path="${path}"]`) });
  if (await isInAddress(page, operation)) await operation.locator('.opblock-body').waitFor();
  else if ((await operation.locator('.opblock-body').count()) === 0)
    await operation.locator('.opblock-summary').click();
  // An answer to an earlier call would be taken for the next one.
  const clear = operation.getByRole('button', { name: 'Clear' });
  if ((await clear.count()) > 0) await clear.click();
  for (const [name, value] of Object.entries(parameters))
    await operation.locator(`tr[data-param-name="${name}"] input`).fill(value);
  if (body !== null) await operation.locator('textarea.body-param__text').fill(JSON.stringify(body, null, 2));
  await operation.getByRole('button', { name: 'Execute' }).click();
  const live = operation.locator('.live-responses-table tbody tr.response');
  await live.waitFor();
  await live.scrollIntoViewIfNeeded();
  return {
    status: (await live.locator('.response-col_status').innerText()).trim().split(/\s/)[0],
    body: await live.locator('.response-col_description').innerText(),
  };
}

/** Whether the page opens the operation by itself, sooner or later: a click after a reload would close it again. */
async function isInAddress(page: Page, operation: Locator): Promise<boolean> {
  const id = await operation.getAttribute('id');
  return id === `operations-${new URL(page.url()).hash.slice('#/'.length).replace('/', '-')}`;
}
