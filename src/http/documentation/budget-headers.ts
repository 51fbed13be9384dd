import { budgetNames, type BudgetUse } from '../../model/budget.js';
import type { ApiOperation } from './add-examples.js';

const example = (parameters: string) => `"writes";${parameters}`;

/** The fields of draft-ietf-httpapi-ratelimit-headers, once for all operations. */
export const budgetHeaders = {
  RateLimit: {
    description:
      'What is left of the budgets that this call needs: a structured list (RFC 9651) of their names, with `r`, the ' +
      'whole units that are left, and `t`, the seconds until all of it is there again (absent where nothing is spent).',
    schema: { type: 'string' as const, maxLength: 1024, examples: [example('r=5999;t=60')] },
  },
  'RateLimit-Policy': {
    description: `The budgets themselves (${budgetNames.join(', ')}): \`q\` units in \`w\` seconds; \`qu\` names units other than calls.`,
    schema: { type: 'string' as const, maxLength: 1024, examples: [example('q=6000;w=60')] },
  },
};

export const tellsBudgets = (use: BudgetUse | undefined): boolean => use !== undefined && use !== 'nothing';

/** Declares the fields on the answers to which they matter. Other errors have them too. */
export function addBudgetHeaders({ responses = {} }: ApiOperation): void {
  for (const [status, response] of Object.entries(responses)) {
    if (!/^(?:[23]..|403|429)$/.test(status)) continue;
    response.headers = {
      ...response.headers,
      ...Object.fromEntries(Object.keys(budgetHeaders).map((name) => [name, { $ref: `#/components/headers/${name}` }])),
    };
  }
}
