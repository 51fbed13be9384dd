import type { PrismaClient } from '../generated/sqlite/client.js';
import { insertOnce, storedJson, type StatementsBy } from '../steps/statement.js';
import type { PolicySetTexts } from '../steps/step.js';

/** Records the texts of a policy set; a digest that is known changes nothing. */
export const policySetStatements = {
  rememberPolicySet: ({ digest, texts }) => insertOnce('PolicySet', digest, { digest, texts }),
} satisfies Partial<StatementsBy>;

/** Reads the table of policy sets. */
export class PolicySetTable {
  constructor(private readonly prisma: PrismaClient) {}

  async find(digest: string): Promise<PolicySetTexts | null> {
    const row = await this.prisma.policySet.findUnique({ where: { digest }, select: { texts: true } });
    return row && storedJson<PolicySetTexts>(row.texts);
  }
}
