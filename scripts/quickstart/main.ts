// `npm run quickstart`: reads the command line.
import { resolve } from 'node:path';
import { runProgram, UsageError } from '@kubepass/inspect/command-line';
import { quickstart } from './quickstart.js';

const program = {
  name: 'quickstart',
  usage: `usage: npm run quickstart [-- [--once] [--kubeconfig FILE [--context NAME] [--name NAME]]]

  serves on the embedded default and obtains a first kubeconfig
  --once             end after that instead of serving on: exit 0, or 1 if it failed
  --kubeconfig FILE  serve the cluster of this kubeconfig instead, through its own signer
  --context NAME     the context in it; default: its current one
  --name NAME        what the cluster is called here; default: the context, made a DNS label
`,
  options: {
    once: { type: 'boolean', default: false },
    kubeconfig: { type: 'string' },
    context: { type: 'string' },
    name: { type: 'string' },
  },
  takesArguments: false,
} as const;

await runProgram(program, process.argv.slice(2), async ({ values: { once, kubeconfig, context, name } }) => {
  if (kubeconfig === undefined && (context ?? name) !== undefined)
    throw new UsageError('--context and --name go with --kubeconfig');
  // npm runs this in the package's folder, but paths are relative to the folder where the user typed them.
  const file = kubeconfig === undefined ? null : resolve(process.env['INIT_CWD'] ?? '.', kubeconfig);
  return quickstart({ once, cluster: file === null ? null : { kubeconfig: file, context, name } });
});
