/** Which process runs on a directory, told by more than its number, as numbers come round again. */
import { readFileSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The process that holds the file and runs, or null. */
export async function runningProcess(file: string): Promise<number | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return null;
  }
  const [number = '', started = ''] = text.trim().split(' ');
  const process = Number(number);
  if (!Number.isInteger(process) || process <= 0) return null;
  return isRunning(process) && startOf(process) === started ? process : null;
}

/** Makes this process the one that holds the file; resolves to what gives it back, or rejects with who holds it. */
export async function holdPidFile(file: string): Promise<() => Promise<void>> {
  await mkdir(dirname(file), { recursive: true });
  const content = `${process.pid} ${startOf(process.pid)}\n`;
  for (let attempt = 0; ; attempt++) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(content);
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (!isThere) throw error;
      const other = await runningProcess(file);
      if (other !== null || attempt > 0) throw new Error(`${file}: process ${other ?? '?'} runs already`);
      // Whoever held it was killed.
      await rm(file, { force: true });
    }
  }
}

function isRunning(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** When a process was started, as the system tells it; empty where it does not. */
function startOf(process_: number): string {
  try {
    const stat = readFileSync(`/proc/${process_}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
