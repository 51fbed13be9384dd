// The commands of version 0.2.0 and before, which were programs of their own and are verbs of `kubepass` now. In this
// version they work, and say the new command once. The build writes their files (`textOf`). package.json runs this file
// for their scripts: `tsx scripts/former-commands.mjs backup FILE`.
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** `program`: the file in `dist/`. `script`: the name for `npm run`. `verb`: the new command. */
export const formerCommands = [
  { program: 'server', verb: 'serve' },
  { script: 'check-config', verb: 'check-config' },
  { program: 'migrate', script: 'migrate', verb: 'migrate' },
  { program: 'backup', script: 'backup', verb: 'backup' },
  { program: 'restore', script: 'restore', verb: 'restore' },
  { program: 'upgrade-drill', script: 'upgrade:drill', verb: 'upgrade drill' },
  { program: 'admin-token', script: 'admin-token', verb: 'admin-token' },
  { program: 'policy-check', script: 'policy:check', verb: 'policy check' },
  { program: 'kubepass-verify', script: 'verify', verb: 'verify' },
  { script: 'inspect', verb: 'inspect' },
  { program: 'client-ca-file', script: 'client-ca-file', verb: 'client-ca-file' },
  { program: 'revocation-file', script: 'revocation-file', verb: 'revocation-file' },
];

/** Standard error gets it, because standard output is for the log of the service and for results. */
const told = (former, now) =>
  `${former} is a former command, and the next version lacks it. The new command is ${now}\n`;

/** The service was a program without verbs. It checked its configuration with an option, and told its version. */
const verbAndArguments = {
  serve: `
const isCheck = given.includes('--check-config');
const verb = isCheck ? 'check-config' : 'serve';
const args = given.filter((arg) => arg !== '--check-config');
const words = given.includes('--version') ? [] : verb.split(' ');`,
};
const sameArguments = (verb) => `
const verb = '${verb}';
const args = given;
const words = verb.split(' ');`;

/** The text of `dist/PROGRAM.js`, which is beside `dist/kubepass.js`. */
export const textOf = ({ program, verb }) => `// A former command: scripts/former-commands.mjs has the list.
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const [node, , ...given] = process.argv;${verbAndArguments[verb] ?? sameArguments(verb)}
process.stderr.write(\`${told(`dist/${program}.js`, 'dist/kubepass.js ${verb}').trimEnd()}\\n\`);
process.argv = [node, fileURLToPath(new URL('kubepass.js', import.meta.url)), ...words, ...args];
await import('./kubepass.js');
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [node, , script, ...args] = process.argv;
  const { verb } = formerCommands.find((one) => one.script === script);
  process.stderr.write(told(`npm run ${script}`, `npm run kubepass -- ${verb}`));
  const program = new URL('../src/programs/kubepass.ts', import.meta.url);
  process.argv = [node, fileURLToPath(program), ...verb.split(' '), ...args];
  await import(program.href);
}
