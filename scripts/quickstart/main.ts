// `npm run quickstart`: reads the command line.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { quickstart } from './quickstart.js';

const usage = `npm run quickstart [-- [--once] [--kubeconfig FILE [--context NAME] [--name NAME]]]

  serves on the embedded default and obtains a first kubeconfig
  --once             end after that instead of serving on: exit 0, or 1 if it failed
  --kubeconfig FILE  serve the cluster of this kubeconfig instead, through its own signer
  --context NAME     the context in it; default: its current one
  --name NAME        what the cluster is called here; default: the context, made a DNS label`;

const wrong = (message: string): never => {
  console.error(`quickstart: ${message}\n\n${usage}`);
  process.exit(2);
};

function readArguments() {
  try {
    return parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        kubeconfig: { type: 'string' },
        context: { type: 'string' },
        name: { type: 'string' },
      },
    }).values;
  } catch (error) {
    return wrong((error as Error).message);
  }
}

const { once, help, kubeconfig, context, name } = readArguments();
if (kubeconfig === undefined && (context ?? name) !== undefined) wrong('--context and --name go with --kubeconfig');
if (help) console.log(usage);
else
  process.exitCode = await quickstart({
    once,
    cluster:
      kubeconfig === undefined
        ? null
        : // npm runs this in the package's folder, but paths are relative to the folder where the user typed them.
          { kubeconfig: resolve(process.env['INIT_CWD'] ?? '.', kubeconfig), context, name },
  });
