/** Small files of JSON that are whole whenever the machine stops. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What a file says; null: there is none, or it is no JSON. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}

/** Resolves when it is on the disk, whole. */
export async function writeJson(file: string, content: unknown): Promise<void> {
  const directory = dirname(file);
  await mkdir(directory, { recursive: true });
  const part = `${file}.${randomUUID()}.part`;
  try {
    const opened = await open(part, 'w');
    try {
      await opened.writeFile(`${JSON.stringify(content, null, 1)}\n`);
      await opened.sync();
    } finally {
      await opened.close();
    }
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
