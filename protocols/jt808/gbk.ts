/** Text in GBK, the character set of the standard. The platform can only read it; writing goes by its table, reversed. */

const gbk = new TextDecoder('gbk', { fatal: true });

/** The text, without zeros at its end, or null: these bytes are not GBK. */
export function readGbk(bytes: Uint8Array): string | null {
  if (!isGbk(bytes)) return null;
  try {
    return gbk.decode(bytes).replace(/\0+$/, '');
  } catch {
    return null;
  }
}

/** Whether they are single bytes and pairs as GBK has them: platforms make something of others too, each its own. */
function isGbk(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) {
    const lead = bytes[at] ?? 0;
    if (lead <= EURO) continue;
    const trail = bytes[++at] ?? 0;
    if (lead === 0xff || trail < 0x40 || trail === 0x7f || trail === 0xff) return false;
  }
  return true;
}

/** The bytes of a text; a character that GBK lacks becomes a question mark. */
export function writeGbk(text: string): Buffer {
  if (ASCII.test(text)) return Buffer.from(text, 'latin1');
  table ??= reversed();
  const out: number[] = [];
  for (const character of text) {
    const code = table.get(character) ?? QUESTION_MARK;
    if (code > 0xff) out.push(code >> 8);
    out.push(code & 0xff);
  }
  return Buffer.from(out);
}

/** Made when it is needed first: most devices are spoken to in ASCII. */
let table: Map<string, number> | null = null;

function reversed(): Map<string, number> {
  const codes = new Map<string, number>();
  for (let code = 0; code < 0x80; code++) codes.set(String.fromCharCode(code), code);
  const loose = new TextDecoder('gbk');
  for (let lead = 0x81; lead <= 0xfe; lead++)
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      const text = loose.decode(Uint8Array.of(lead, trail));
      // Two characters, or the sign for none, stand where the table has a gap.
      if ([...text].length === 1 && text !== '\ufffd' && !codes.has(text)) codes.set(text, (lead << 8) | trail);
    }
  const euro = loose.decode(Uint8Array.of(EURO));
  if (!codes.has(euro)) codes.set(euro, EURO);
  return codes;
}

const ASCII = /^[\0-\x7f]*$/;
const QUESTION_MARK = 0x3f;
/** The one character of a single byte above ASCII. */
const EURO = 0x80;
