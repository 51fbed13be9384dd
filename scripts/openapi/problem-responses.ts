import { budgetNames } from '../../src/model/budget.js';
import { problemExample, problemHeaders } from './problem-examples.js';
import { inTitleCase } from './open-api.js';
import { problemMediaType } from '../../src/http/problems/problem.js';
import { problemTypes, type ProblemType } from '../../src/http/problems/schemas.js';

/** Any call can end with one of these: they are the `default` response of each operation. */
const problemsOfEveryCall = [
  ...(['invalid-request', 'unauthenticated', 'not-permitted', 'not-acceptable'] as const),
  ...(['content-too-large', 'unsupported-media-type', 'too-many-requests', 'budget-exceeded'] as const),
  ...(['internal-error', 'service-unavailable'] as const),
] as const satisfies readonly ProblemType[];

const ofEveryCall = 'Problem';

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

const budgetReferences = Object.fromEntries(
  Object.keys(budgetHeaders).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);

/** A response for problems, as it stands in `components.responses`. */
interface ProblemResponse {
  readonly description: string;
  readonly headers: Readonly<Record<string, object>>;
  readonly content: object;
}

/** The problems of all operations, each of them once, to be referenced. */
export class ProblemResponses {
  /** By name. */
  readonly components: Record<string, ProblemResponse> = {
    [ofEveryCall]: problemResponse(
      problemsOfEveryCall,
      `Any call can end with one of these. ${listed(problemsOfEveryCall)}`,
    ),
  };

  /** The responses of an operation: for its own problems by status, and for all others `default`. */
  of(own: readonly ProblemType[]): Readonly<Record<string, object>> {
    const byStatus = Object.groupBy(new Set(own), (type) => problemTypes[type].status);
    const references = Object.entries(byStatus).map(([status, types]) => [status, this.#reference(types)] as const);
    return { ...Object.fromEntries(references), default: referenceTo(ofEveryCall) };
  }

  #reference(types: readonly ProblemType[]): object {
    const sorted = types.toSorted();
    const name = sorted.map(inTitleCase).join('Or');
    const alsoOfEveryCall = problemsOfEveryCall.filter(
      (type) => !sorted.includes(type) && problemTypes[type].status === problemTypes[sorted[0] ?? type].status,
    );
    const others = alsoOfEveryCall.map((type) => ` Or \`${type}\`, as for any call.`).join('');
    this.components[name] ??= problemResponse(sorted, `${listed(sorted)}${others}`);
    return referenceTo(name);
  }
}

const referenceTo = (name: string) => ({ $ref: `#/components/responses/${name}` });

const listed = (types: readonly ProblemType[]): string =>
  types.map((type) => `\`${type}\`: ${problemTypes[type].title}.`).join(' ');

const problemResponse = (types: readonly ProblemType[], description: string): ProblemResponse => ({
  description,
  headers: {
    ...Object.fromEntries(
      types
        .flatMap((type) => Object.entries(problemHeaders[type] ?? {}))
        .map(([name, text]) => [name, { description: text, schema: { type: 'string', maxLength: 1024 } }]),
    ),
    ...(types.includes('budget-exceeded') && budgetReferences),
  },
  content: {
    [problemMediaType]: {
      schema: { $ref: '#/components/schemas/Problem' },
      examples: Object.fromEntries(types.map((type) => [type, { value: problemExample(type) }])),
    },
  },
});
