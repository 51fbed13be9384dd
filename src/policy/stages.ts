import type { ApprovalStage, PrincipalSelector } from '../model/decision.js';
import { quoteAll } from '@kubepass/inspect/formats';

/**
 * Raises the stages of a policy until they also require `minimum`. Nobody may approve twice in all stages, so only the
 * number of approvals by each kind of approvers matters. Approvals that are missing are added to the stage with the same
 * approvers, or become a new stage before the others. A stage without `approvers` accepts anybody who may approve, so
 * every stage counts towards it.
 */
export function atLeast(own: readonly ApprovalStage[], minimum: readonly ApprovalStage[]): readonly ApprovalStage[] {
  const required = byApprovers(minimum);
  const before: ApprovalStage[] = [];
  let stages = own;
  for (const [key, stage] of required) {
    if (key === anybody) continue;
    const lacking = stage.count - countOf(stages.filter(({ approvers }) => keyOf(approvers) === key));
    if (lacking <= 0) continue;
    const raised = raiseFirst(stages, key, lacking);
    if (raised === null) before.push({ ...stage, count: lacking });
    else stages = raised;
  }
  const all = [...before, ...stages];
  const lacking = required.has(anybody) ? countOf(minimum) - countOf(all) : 0;
  if (lacking <= 0) return all;
  return raiseFirst(all, anybody, lacking) ?? [{ count: lacking }, ...all];
}

/** `2 approvals by groups "leads", then 1 approval`. */
export function describeStages(stages: readonly ApprovalStage[]): string {
  if (stages.length === 0) return 'none';
  return stages
    .map(({ count, approvers }) => {
      const by = describeApprovers(approvers);
      return `${count} ${count === 1 ? 'approval' : 'approvals'}${by && ` by ${by}`}`;
    })
    .join(', then ');
}

export function countOf(stages: readonly ApprovalStage[]): number {
  return stages.reduce((sum, { count }) => sum + count, 0);
}

function raiseFirst(stages: readonly ApprovalStage[], key: string, by: number): readonly ApprovalStage[] | null {
  const first = stages.findIndex(({ approvers }) => keyOf(approvers) === key);
  if (first === -1) return null;
  return stages.map((stage, i) => (i === first ? { ...stage, count: stage.count + by } : stage));
}

/** One stage for each kind of approvers, with all approvals that they must give. */
function byApprovers(stages: readonly ApprovalStage[]): ReadonlyMap<string, ApprovalStage> {
  const required = new Map<string, ApprovalStage>();
  for (const stage of stages) {
    const key = keyOf(stage.approvers);
    required.set(key, { ...stage, count: stage.count + (required.get(key)?.count ?? 0) });
  }
  return required;
}

const anybody = keyOf(undefined);

/** Equal for two selectors with the same lists, whatever the order within a list. */
function keyOf({ names, groups, roles }: PrincipalSelector = {}): string {
  return JSON.stringify([names, groups, roles].map((values) => values?.toSorted() ?? null));
}

function describeApprovers({ names, groups, roles }: PrincipalSelector = {}): string {
  const fields = Object.entries({ names, groups, roles });
  return fields.flatMap(([field, values]) => (values ? [`${field} ${quoteAll(values)}`] : [])).join(' with ');
}
