/** Text within XML 1.0: escaped, and without the characters that it cannot hold. */
export function xmlText(text: string): string {
  return text
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(UNHOLDABLE, '\ufffd')
    .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

// A carriage return would come back as a line feed.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about.
const UNHOLDABLE = /[\0-\x08\x0b-\x1f\ufffe\uffff]/g;
