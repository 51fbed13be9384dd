import type { Tone } from '../../parts/bits.js';
import type { IconName } from '../../parts/icon.js';
import { approversInWords, at, duration } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';

export type Request = Schemas['CertificateRequest'];
type State = Request['state'];

/** The ask as one sentence. */
export const askInWords = ({
  username,
  expirationSeconds,
  cluster,
}: Pick<Request, 'username' | 'expirationSeconds' | 'cluster'>): string =>
  `${username} for ${duration(expirationSeconds)} on ${cluster}`;

/** How a state looks: the sign says what the colour says. */
export const looks: Readonly<Record<State, { readonly tone: Tone; readonly icon: IconName }>> = {
  pending: { tone: 'warning', icon: 'wait' },
  approved: { tone: 'info', icon: 'check' },
  issuing: { tone: 'info', icon: 'wait' },
  issued: { tone: 'ok', icon: 'check' },
  denied: { tone: 'error', icon: 'cross' },
  failed: { tone: 'error', icon: 'warn' },
  cancelled: { tone: 'plain', icon: 'cross' },
  expired: { tone: 'plain', icon: 'wait' },
};

/** Says whose turn it is, or what there is once it is nobody's. `isMine`: the reader could approve it now. */
export function turnInWords(
  { state, awaiting, collector, certificate, failure, decision }: Request,
  me: string,
  isMine: boolean,
): string {
  switch (state) {
    case 'pending': {
      const [stage] = awaiting;
      if (isMine || stage === undefined) return isMine ? 'your turn' : 'nobody’s turn';
      const who = approversInWords(stage.approvers ?? {});
      return stage.needed > 1 ? `${who}, ${stage.needed} of them` : who;
    }
    case 'approved':
      return collector === me ? 'yours to collect' : `${collector} collects it`;
    case 'issuing':
      return 'being signed';
    case 'issued':
      return certificate?.status === 'valid' ? `until ${at(certificate.notAfter)}` : (certificate?.status ?? '');
    case 'denied':
      return decision.outcome === 'denied' ? 'by policy' : 'by an approver';
    default:
      return failure?.message ?? '';
  }
}

/** A stage of the approval, and how far it is. */
export interface Stage {
  readonly count: number;
  readonly approvers: Schemas['Approvers'];
  readonly given: Request['approvals'];
  /** How many approvals it still needs. */
  readonly needed: number;
  readonly isNow: boolean;
}

/** The stages in their order. The service says what is missing, because an approval may count no more. */
export function stagesOf({ decision, approvals, awaiting, state }: Request): readonly Stage[] {
  return decision.stages.map(({ count, approvers = {} }, stage) => ({
    count,
    approvers,
    given: approvals.filter((approval) => approval.stage === stage),
    needed: state === 'pending' ? (awaiting.find((one) => one.stage === stage)?.needed ?? 0) : 0,
    isNow: awaiting[0]?.stage === stage,
  }));
}

/** The request that opens after this one was decided: the one after it in the queue, else the first other one. */
export function nextToDecide(queue: readonly string[], id: string): string | undefined {
  const others = queue.filter((other) => other !== id);
  const place = queue.indexOf(id);
  return (place < 0 ? undefined : queue[place + 1]) ?? others[0];
}

/** Says what a cancelled request loses. */
export function endInWords({ username, cluster, state, approvals }: Request): string {
  const lost = approvals.length > 0 ? ' The approvals that were given are lost.' : '';
  const goesOn = state === 'approved' ? 'nobody can collect its kubeconfig any more' : 'nobody can approve it any more';
  return `The request of ${username} on ${cluster} ends: ${goesOn}, and no certificate is issued.${lost}`;
}
