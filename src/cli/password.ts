/** Passwords that people type: never on the command line, where others see them. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CliError } from './client.js';
import { EXIT } from './exit-codes.js';

/** A password: on a terminal asked for twice and not shown, else the first line of standard input. */
export async function readPassword(): Promise<string> {
  const { stdin, stderr } = process;
  const lines = createInterface({
    input: stdin,
    output: new Writable({ write: (_, __, done) => done() }),
    terminal: stdin.isTTY,
  });
  const line = (prompt: string) => {
    if (stdin.isTTY) stderr.write(prompt);
    return next().finally(() => stdin.isTTY && stderr.write('\n'));
  };
  const next = () =>
    new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(new CliError('no password came on standard input', EXIT.usage)));
    });
  try {
    const password = await line('password: ');
    if (stdin.isTTY && (await line('again: ')) !== password) throw new CliError('these are two different passwords');
    return password;
  } finally {
    lines.close();
  }
}
