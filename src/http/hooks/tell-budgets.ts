import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type BudgetLimits,
  type BudgetName,
  type BudgetStates,
  type BudgetUse,
  budgetUses,
  budgetWindowSeconds,
  type SpentBudget,
} from '../../model/budget.js';
import { problem, type Problem } from '../problems/problem.js';
import type { App } from '../server/types.js';
import type { HttpContext } from '../server/http-context.js';

/** Units other than requests. The draft registers no unit that fits. */
const units: Readonly<Partial<Record<BudgetName, string>>> = {
  inspectionSeconds: ';qu="seconds"',
  auditKilobytes: ';qu="kilobytes"',
};

/**
 * Tells callers on every answer how their budgets stand, in the fields of draft-ietf-httpapi-ratelimit-headers:
 * `RateLimit` and `RateLimit-Policy`, lists of strings with parameters (RFC 9651). An answer 403 counts first, so that
 * it says the truth.
 */
export function tellBudgets(app: App, budgets: HttpContext['budgets']): void {
  shortenComments(app, budgets);
  app.addHook('onRoute', (route) => {
    const { method, url, config } = route;
    const budgetUse = config?.budgetUse ?? (method === 'GET' || method === 'HEAD' ? 'reading' : undefined);
    if (budgetUse === undefined) throw new Error(`${String(method)} ${url} does not say which budgets its calls use`);
    route.config = { ...config, budgetUse };
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    const { budgetUse = 'nothing' } = request.route.config;
    if (request.principal !== null && budgetUse !== 'nothing') {
      if (reply.statusCode === 403) budgets.spend(request.principal, 'denied', 1);
      sendStates(reply, budgetUse, budgets.states(request.principal));
    }
    done(null, payload);
  });
}

/** How many characters of a comment are kept at most once the budget of audit events is spent. */
const shortCharacters = 64;
const shortened = '… (shortened: the budget auditKilobytes was spent)';

/**
 * Ending access is never refused for what its comment takes: what is written then has a short one, and says so. The
 * answer shows it.
 */
function shortenComments(app: App, budgets: HttpContext['budgets']): void {
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.route.config.budgetUse === 'endingAccess' && request.principal !== null) {
      const body = request.body as { comment?: unknown } | null | undefined;
      if (typeof body?.comment === 'string' && budgets.states(request.principal)?.remaining('auditKilobytes') === 0)
        body.comment = shortComment(body.comment);
    }
    done();
  });
}

function shortComment(comment: string): string {
  const characters = Array.from(comment);
  return characters.length <= shortCharacters
    ? comment
    : `${characters.slice(0, shortCharacters).join('')}${shortened}`;
}

/** The problem of a call that needs a budget which is spent; null: it goes on, and is counted. */
export function whenSpent(request: FastifyRequest, budgets: HttpContext['budgets']): Problem | null {
  const { budgetUse = 'nothing' } = request.route.config;
  if (request.principal === null || budgetUse === 'nothing') return null;
  const spent = budgets.begin(request.principal, budgetUse);
  return spent && budgetProblem(request, spent);
}

/** The log gets one line for each window: a caller who does not stop would fill the disk with others. */
export function budgetProblem(request: FastifyRequest, spent: SpentBudget): Problem {
  const { name, limit, secondsLeft, isNews } = spent;
  const until = spent.until.toISOString();
  if (isNews)
    request.log.warn(
      { principal: request.principal?.name ?? null, budget: name, limit, seconds: secondsLeft },
      'a budget is spent: more of these calls are refused, and are not logged',
    );
  else request.unlogged = true;
  return problem('budget-exceeded', `the budget ${name} of ${limit} a minute is spent; wait until ${until}`, {
    members: { budget: { name, limit, until } },
    headers: { 'retry-after': String(secondsLeft) },
  });
}

/** The field `RateLimit-Policy` by limits and use: there are few of them. */
const policies = new WeakMap<BudgetLimits, Partial<Record<BudgetUse, string>>>();

function policyField(limits: BudgetLimits, use: BudgetUse): string {
  const known = policies.get(limits) ?? {};
  policies.set(limits, known);
  return (known[use] ??= budgetUses[use].needs
    .map((name) => `"${name}";q=${limits[name]};w=${budgetWindowSeconds}${units[name] ?? ''}`)
    .join(', '));
}

function sendStates(reply: FastifyReply, use: BudgetUse, states: BudgetStates | null): void {
  if (states === null) return;
  const { limits, secondsLeft, remaining } = states;
  let field = '';
  for (const name of budgetUses[use].needs) {
    const seconds = secondsLeft(name);
    field += `${field && ', '}"${name}";r=${remaining(name)}${seconds === null ? '' : `;t=${seconds}`}`;
  }
  reply.header('ratelimit-policy', policyField(limits, use)).header('ratelimit', field);
}
