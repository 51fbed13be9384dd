import { runCommand } from '../../cluster/run-command.js';

/** Runs a program and answers its output. Throws an `Error` with its errors where it does not end with 0. */
export async function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, args, { env: { ...process.env, ...environment } });
  if (code !== 0) throw new Error(`${command} ${args[0] ?? ''} ended with ${code ?? 'a signal'}: ${stderr}${stdout}`);
  return stdout;
}
