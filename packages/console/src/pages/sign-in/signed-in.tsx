import { Page } from '../../parts/page.js';

/** The end of a sign-in that happened beside another tab. */
export const SignedIn = () => (
  <Page title="You are signed in">
    <p>
      Go back to the other tab, which goes on where it was. Or <a href="/console/">begin here</a>.
    </p>
  </Page>
);
