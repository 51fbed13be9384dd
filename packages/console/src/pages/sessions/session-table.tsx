import { Badge, Distance, Instant, Written } from '../../parts/bits.js';
import { tell } from '../../parts/results.js';
import { Columns } from '../../parts/table.js';
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
export function SessionTable({ label, sessions, withNames, onEnded }: SessionTableParts) {
  const { run, trouble } = useAct();
  const end = async ({ id, name, current }: Session) => {
    if (current) return signOut();
    await answerOf(api.DELETE('/v1/sessions/{id}', { params: { path: { id } } }));
    tell(`Ended: a session of ${name}.`);
    onEnded();
  };
  const cells = {
    ...(withNames && { Who: ({ name }: Session) => <Written text={name} /> }),
    'Signed in': ({ createdAt }: Session) => <Instant of={createdAt} />,
    By: ({ issuer }: Session) => issuer ?? 'API token',
    'Last used': ({ usedAt }: Session) => <Distance of={usedAt} />,
    'Ends by': ({ expiresAt }: Session) => <Instant of={expiresAt} />,
    '': (session: Session) => (
      <>
        <button title={`End this session of ${session.name}`} onClick={() => void run(() => end(session))}>
          End
        </button>{' '}
        {session.current && <Badge tone="info">this browser</Badge>}
      </>
    ),
  };
  return (
    <>
      {trouble}
      <Columns label={label} rows={sessions} cells={cells} />
    </>
  );
}
