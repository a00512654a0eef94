import { readFileSync } from 'node:fs';

/** Version of this gateway, from its package. */
export const version: string = readVersion();

function readVersion(): string {
  // From src/ when run by a test, from dist/src/ when built.
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const content: unknown = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (typeof content === 'object' && content && 'version' in content) return String(content.version);
    } catch {
      // Not this place.
    }
  }
  return 'unknown';
}
