import { announce } from '../../parts/announce.js';
import { Badge, Distance, Instant, Written } from '../../parts/bits.js';
import { type Column, Columns } from '../../parts/table.js';
import { useAct } from '../../parts/trouble.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { signOut } from '../../service/session.js';

type Session = Schemas['Session'];
interface SessionTableParts {
  readonly label: string;
  readonly sessions: readonly Session[];
  /** Whether they are not all one’s own. */
  readonly withNames?: boolean;
  readonly onEnded: () => void;
}

/** Browsers that are signed in, each with a button that ends its session. */
export function SessionTable({ label, sessions, withNames = false, onEnded }: SessionTableParts) {
  const { run, trouble } = useAct();
  const end = ({ id, current }: Session) =>
    run(async () => {
      if (current) return signOut();
      await answerOf(api.DELETE('/v1/sessions/{id}', { params: { path: { id } } }));
      announce('The session has ended.');
      onEnded();
    });
  const columns: readonly Column<Session>[] = [
    ...(withNames ? [['Who', ({ name }: Session) => <Written text={name} />] as const] : []),
    ['Signed in', ({ createdAt }) => <Instant of={createdAt} />],
    ['By', ({ issuer }) => issuer ?? 'API token'],
    ['Last used', ({ usedAt }) => <Distance of={usedAt} />],
    ['Ends at the latest', ({ expiresAt }) => <Instant of={expiresAt} />],
    [
      '',
      (session) => (
        <>
          <button type="button" title={`End this session of ${session.name}`} onClick={() => void end(session)}>
            End
          </button>{' '}
          {session.current && <Badge tone="info">this browser</Badge>}
        </>
      ),
    ],
  ];
  return (
    <>
      {trouble}
      <Columns label={label} rows={sessions} columns={columns} />
    </>
  );
}
