import type { PrismaClient } from '../generated/sqlite/client.js';
import { insertOnce, storedJson } from '../steps/statement.js';
import type { Write } from '../steps/step.js';

/** The policy files of a set by path, in order. */
type PolicySetTexts = readonly { readonly path: string; readonly text: string }[];

interface RememberedPolicySet {
  readonly digest: string;
  readonly texts: PolicySetTexts;
}

/** Records the texts of a policy set; a digest that is known changes nothing. */
export const rememberPolicySet = ({ digest, texts }: RememberedPolicySet): Write => ({
  statements: () => insertOnce('PolicySet', digest, { digest, texts }),
});

/** Reads the table of policy sets. */
export class PolicySetTable {
  constructor(private readonly prisma: PrismaClient) {}

  async find(digest: string): Promise<PolicySetTexts | null> {
    const row = await this.prisma.policySet.findUnique({ where: { digest }, select: { texts: true } });
    return row && storedJson<PolicySetTexts>(row.texts);
  }
}
