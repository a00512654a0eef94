/** What a device calls itself: a kind and a value, such as `imei:123456789012345`. */

/** All protocols' idents are of this form, and none of them makes a path. */
const IDENT = /^[a-z][0-9a-z_]{0,15}:[A-Za-z0-9._-]{1,64}$/;

/** Characters of what is wrong that a message shows. */
const SHOWN = 100;

/** What keeps a text from being an ident, or null: it is one. */
export function identProblem(text: string): string | null {
  if (IDENT.test(text)) return null;
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return `Invalid ident: ${JSON.stringify(shown)}, expected a kind and a value such as imei:123456789012345`;
}
