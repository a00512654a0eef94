/** A disk of a given size for a test, where this machine lets us mount one. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly directory: string;
  /** Fills the disk up, but for about `left` bytes. */
  fill(left: number): void;
  /** Frees what `fill` took. */
  free(): void;
  remove(): void;
}

/** Whether disks can be mounted here (root on Linux). */
export function canMount(): boolean {
  try {
    const disk = mountSmallDisk(1);
    disk.remove();
    return true;
  } catch {
    return false;
  }
}

export function mountSmallDisk(megabytes: number): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), 'm2mp-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], { stdio: 'ignore' });
  const ballast = join(directory, 'ballast');
  const spare = join(directory, 'spare');
  return {
    directory,
    fill(left) {
      writeAll(spare, left);
      writeAll(ballast, Number.POSITIVE_INFINITY);
      rmSync(spare);
    },
    free: () => rmSync(ballast, { force: true }),
    remove() {
      execFileSync('umount', ['-l', directory]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Writes up to so many bytes, or as many as there is room for. */
function writeAll(file: string, bytes: number): void {
  const descriptor = openSync(file, 'w');
  const piece = Buffer.alloc(4_096);
  try {
    for (let written = 0; written < bytes; written += piece.length) writeSync(descriptor, piece);
  } catch {
    // The disk is full.
  } finally {
    closeSync(descriptor);
  }
}
