import { Page } from '../parts/page.js';

export const NotFound = () => (
  <Page title="No such page">
    <p>
      There is nothing at this address. <a href="/console/">Begin anew</a>
    </p>
  </Page>
);
