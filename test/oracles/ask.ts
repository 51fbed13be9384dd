import { spawnSync } from 'node:child_process';

/** The answers of an oracle, which answers each line with one line of JSON. */
export function ask(program: string, questions: readonly string[]): readonly unknown[] {
  const { status, stdout, stderr, error } = spawnSync(program, {
    input: questions.map((line) => `${line}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${String(status)}: ${stderr.slice(0, 2000)}`);
  const answers = stdout.split('\n').slice(0, -1);
  if (answers.length !== questions.length)
    throw new Error(`${program} gave ${answers.length} answers to ${questions.length} questions`);
  return answers.map((line) => JSON.parse(line) as unknown);
}
