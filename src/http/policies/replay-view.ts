import type { ReplayedRequest, ReplayItem, ReplaySide } from '../../model/replay.js';
import type { Replay } from '../../services.js';
import type { ReplayLine } from './replay-schemas.js';
import { stageView } from '../certificate-requests/decision-view.js';

export function replayBegun({ policySetDigest, after, before, cluster }: Replay): ReplayLine {
  return {
    type: 'begun',
    policySetDigest,
    after: after?.toISOString() ?? null,
    before: before.toISOString(),
    cluster: cluster ?? null,
  };
}

/** What a replay tells, as a line of it; that it was refused is a problem. */
export function replayLine(item: Exclude<ReplayItem, { readonly kind: 'refused' }>): ReplayLine {
  switch (item.kind) {
    case 'progress': {
      const { requests, changed, decidedAt } = item;
      return { type: 'progress', requests, changed, decidedAt: decidedAt.toISOString() };
    }
    case 'changed': {
      const { request, changes, was, wouldBe, why, whyOmitted } = item;
      return {
        type: 'changed',
        ...subjectView(request),
        changes: [...changes],
        was: sideView(was),
        wouldBe: sideView(wouldBe),
        why: why.map(({ reasons, failing, ...rule }) => ({
          ...rule,
          reasons: [...reasons],
          failing: failing.map((check) => ({ ...check })),
        })),
        whyOmitted,
      };
    }
    case 'undecidable':
      return { type: 'undecidable', ...subjectView(item.request), facts: [...item.facts] };
    case 'failed':
      return { type: 'failed', ...subjectView(item.request) };
    case 'summary': {
      const { requests, changed, undecidable, failed } = item;
      return { type: 'summary', requests, changed: { ...changed }, undecidable: { ...undecidable }, failed };
    }
  }
}

function subjectView({ id, cluster, username, groups, requester, decidedAt }: ReplayedRequest) {
  return { id, cluster, username, groups: [...groups], requester, decidedAt: decidedAt.toISOString() };
}

function sideView({ outcome, approval, policy, stages, expirationSeconds, reasons }: ReplaySide) {
  return { outcome, approval, policy, stages: stages.map(stageView), expirationSeconds, reasons: [...reasons] };
}
