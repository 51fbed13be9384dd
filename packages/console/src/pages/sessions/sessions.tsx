import { Empty } from '../../parts/bits.js';
import { Paged, useList } from '../../parts/data.js';
import { Page } from '../../parts/page.js';
import { SessionTable } from './session-table.js';

/** Everybody's sessions, for admins. */
export function Sessions() {
  const pages = useList('/v1/sessions', {}, ['sessions']);
  const empty = <Empty>Nobody is signed in.</Empty>;
  return (
    <Page title="Sessions">
      <p class="quiet">
        Browsers that are signed in. Ending a session takes at most 5 seconds; its person may sign in again, unless the
        identity provider or a block keeps them out.
      </p>
      <Paged pages={pages} noun="sessions" empty={empty}>
        {(sessions) => <SessionTable label="Sessions" sessions={sessions} withNames onEnded={pages.reload} />}
      </Paged>
    </Page>
  );
}
