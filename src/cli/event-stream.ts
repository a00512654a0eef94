/** Server-sent events as a client reads them. */

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** Characters of one event at the most. */
const MAX_EVENT = 4 << 20;

/** The events of a stream, until it ends; comments are skipped. */
export async function* serverSentEvents(response: Response): AsyncIterable<ServerSentEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > MAX_EVENT) throw new Error(`an event is over ${MAX_EVENT} characters`);
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const lines of events) {
      const event = parsed(lines.split('\n'));
      if (event) yield event;
    }
  }
}

function parsed(lines: readonly string[]): ServerSentEvent | null {
  const field = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}: `)).map((l) => l.slice(name.length + 2));
  const data = field('data').join('\n');
  return data === '' ? null : { event: field('event').at(-1) ?? 'message', data };
}
