import { approversInWords, at, duration, many, sentence, spaced } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';

export type Request = Schemas['CertificateRequest'];

/** The ask as one sentence. */
export const askInWords = ({ username, expirationSeconds, cluster }: Request): string =>
  `${username} for ${duration(expirationSeconds)} on ${cluster}`;

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
      return (stage.needed > 1 ? `${stage.needed} × ` : '') + approversInWords(stage.approvers ?? {});
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

/** The stages of the approval. The service says how many are missing, because an approval may count no more. */
export const stagesOf = ({ decision, approvals, awaiting, state }: Request) =>
  decision.stages.map(({ count, approvers = {} }, stage) => {
    const given = approvals.filter((approval) => approval.stage === stage);
    const needed = state === 'pending' ? (awaiting.find((one) => one.stage === stage)?.needed ?? 0) : 0;
    const counted = state === 'pending' ? count - needed : given.length;
    const look = counted >= count ? 'done' : awaiting[0]?.stage === stage ? 'now' : 'later';
    return { count, approvers, given, counted, needed, look };
  });

const numbers = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
/** Says what has become of a request: `Approved: jane, 1 hour on prod-eu. One more from security.` */
export function resultInWords(did: string, request: Request, me: string): string {
  const { username, expirationSeconds, cluster } = request;
  return `${did}: ${username}, ${duration(expirationSeconds)} on ${cluster}. ${sentence(nextInWords(request, me))}`;
}

function nextInWords({ state, awaiting, approvals, collector, certificate, failure }: Request, me: string): string {
  switch (state) {
    case 'pending': {
      const more = awaiting.map(({ needed, approvers = {} }, i) => {
        const others = approvals.length > 0 && i === 0 ? ' more' : '';
        return `${numbers[needed] ?? needed}${others} from ${approversInWords(approvers).replace(/^anyone in /, '')}`;
      });
      return approvals.length > 0 ? more.join(', then ') : `it takes approvals: ${more.join(', then ')}`;
    }
    case 'approved':
      return `the kubeconfig is ready for ${collector === me ? 'you' : collector}`;
    case 'issuing':
      return 'the certificate is being signed';
    case 'issued':
      return certificate ? `the certificate is valid until ${at(certificate.notAfter)}` : 'the certificate is there';
    default:
      return failure?.message ?? 'no certificate is issued';
  }
}

/** The request that opens after this one was decided: the one after it in the queue, else the first other one. */
export function nextToDecide(queue: readonly string[], id: string): string | undefined {
  const others = queue.filter((other) => other !== id);
  const place = queue.indexOf(id);
  return (place < 0 ? undefined : queue[place + 1]) ?? others[0];
}

/** Says which requests came into a list or left it; undefined: none did. */
export function listChange(before: readonly Request[], after: readonly Request[]): string | undefined {
  const [old, found] = [before, after].map((all) => new Set(all.map(({ id }) => id))) as [Set<string>, Set<string>];
  const [came, went] = [found.difference(old).size, old.difference(found).size];
  if (came > 0) return `${many(came, 'request')} came into this list.`;
  return went > 0 ? `${many(went, 'request')} left this list.` : undefined;
}

/** Says what has happened to a request since; undefined: nothing. */
export function requestChange({ timeline: before = [] }: Request, { timeline: after = [] }: Request) {
  const last = after.at(-1);
  if (last === undefined || after.length <= before.length) return undefined;
  return sentence(`${spaced(last.type)} by ${last.principal ?? 'kubepass'}`);
}
