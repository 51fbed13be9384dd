import { Page } from '../parts/page.js';

export const NotFound = () => (
  <Page title="No such page">
    <p>
      There is no page at this address. <a href="/console/">Start over</a>
    </p>
  </Page>
);
