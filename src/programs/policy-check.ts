import { join } from 'node:path';
import { print, runProgram, UsageError } from '@kubepass/inspect/command-line';
import { quote } from '@kubepass/inspect/formats';
import { type Requester, type Role, roles } from '../model/principal.js';
import { checkPolicies, reportErrors } from '../policy/check-policies.js';
import { readPolicyFiles } from '../policy/load-policy-set.js';

const usage = `usage: kubepass policy check [--as NAME [--as-group GROUP]... [--as-role ROLE]...] DIRECTORY

Loads the policies in the directory and runs the tests beside them. Exit code: 0 on success, 1 on an error.

  --as NAME         says what the policies offer to a requester of this name
  --as-group GROUP  a group of theirs
  --as-role ROLE    a role of theirs; default: requester
`;

const options = {
  as: { type: 'string' },
  'as-group': { type: 'string', multiple: true },
  'as-role': { type: 'string', multiple: true },
} as const;
const program = { name: 'kubepass policy check', usage, options, takesArguments: true } as const;

/** What a directory of policies cannot tell. */
const unknownHere =
  'Only a running service knows its clusters and their labels, role bindings on them, the directory, and the\n' +
  'certificates that count against a quota: POST /v1/policies/evaluate decides with them, also under a draft.\n';

/** `kubepass policy check DIRECTORY`. */
export const run = (args: readonly string[]): Promise<void> =>
  runProgram(program, args, async ({ positionals, values }) => {
    const requester = requesterOf(values);
    const [directory, ...rest] = positionals;
    if (directory === undefined || rest.length > 0) throw new UsageError('name one directory');
    const files = await readPolicyFiles(directory);
    const nothing = `${directory}: no file here is named *.yaml or *.yml`;
    const errors = !files.ok ? files.errors : files.texts.length === 0 ? [nothing] : [];
    // With the directory, an error names its file as a terminal or the CI of a repository can open it.
    const texts = files.ok ? files.texts.map(({ path, text }) => ({ path: join(directory, path), text })) : [];
    const report =
      errors.length === 0 ? checkPolicies(texts, requester && { requester, now: new Date() }) : reportErrors(errors);
    print(`${report.text}\n${report.ok ? `\n${unknownHere}` : ''}`);
    return report.ok ? 0 : 1;
  });

interface As {
  readonly as?: string | undefined;
  readonly 'as-group'?: readonly string[] | undefined;
  readonly 'as-role'?: readonly string[] | undefined;
}

function requesterOf({ as: name, 'as-group': groups = [], 'as-role': written = ['requester'] }: As): Requester | null {
  if (name === undefined && groups.length > 0) throw new UsageError('--as-group is a group of --as NAME: name them');
  const unknown = written.find((role) => !isRole(role));
  if (unknown !== undefined) throw new UsageError(`${quote(unknown)} is no role; roles are ${roles.join(', ')}`);
  return name === undefined ? null : { name, groups, roles: written.filter(isRole) };
}

const isRole = (text: string): text is Role => roles.some((role) => role === text);
