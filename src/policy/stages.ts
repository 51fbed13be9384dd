import type { ApprovalStage, PrincipalSelector } from '../model/decision.js';
import { quoteAll } from '../model/quote.js';

/**
 * Stages that ask for no less than `minimum` besides what they asked for already. Nobody counts twice over all stages,
 * so what counts is how many approvals there are of each kind of approvers: what is missing raises the stage that has
 * these approvers, or becomes a stage of its own before the others. Approvers that are left out are anybody who may
 * approve, so every stage counts towards them.
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

/** One stage for each kind of approvers, with all approvals that are asked of it. */
function byApprovers(stages: readonly ApprovalStage[]): ReadonlyMap<string, ApprovalStage> {
  const required = new Map<string, ApprovalStage>();
  for (const stage of stages) {
    const key = keyOf(stage.approvers);
    required.set(key, { ...stage, count: stage.count + (required.get(key)?.count ?? 0) });
  }
  return required;
}

const anybody = keyOf(undefined);

/** The same for two selectors that are written alike, whatever the order within their lists. */
function keyOf({ names, groups, roles }: PrincipalSelector = {}): string {
  return JSON.stringify([names, groups, roles].map((values) => values?.toSorted() ?? null));
}

function describeApprovers({ names, groups, roles }: PrincipalSelector = {}): string {
  const fields = Object.entries({ names, groups, roles });
  return fields.flatMap(([field, values]) => (values ? [`${field} ${quoteAll(values)}`] : [])).join(' with ');
}
