/** The server's side of one connection: each request says whose it is, and is answered when what it says is durable. */
import { count, type Outcome, store, takeEffects } from '../effects.js';
import type { ConnectionFacts, Intent, Session } from '../protocol.js';
import { answerBytes, CONTINUE, type Request, RequestReader, type Status } from './http.js';
import { readingsOf } from './readings.js';
import { BadRequest, type Place, readReport } from './report.js';

interface Conversation extends Outcome {
  readonly reader: RequestReader;
  /** `identifying` waits to be told the outcome, and nothing more is read meanwhile. */
  state: 'unidentified' | 'identifying' | 'identified' | 'closed';
  /** Of the device that is identified, or is about to be. */
  ident: string;
  /** What the request whose sender is being identified says. */
  held: { readonly places: readonly Place[]; readonly last: boolean } | null;
  clockOffset: number;
  now: number;
}

/** The server's side of one new connection. */
export function createSession({ openedAt }: ConnectionFacts): Session {
  const conversation: Conversation = {
    reader: new RequestReader(),
    state: 'unidentified',
    ident: '',
    held: null,
    clockOffset: 0,
    now: openedAt,
    effects: [],
  };
  return {
    answersOnly: true,
    receive(bytes, now) {
      if (conversation.state === 'closed') return [];
      conversation.now = now;
      conversation.reader.push(bytes);
      takeRequests(conversation);
      return takeEffects(conversation);
    },
    tell(intent, now) {
      if (conversation.state === 'closed') return [];
      conversation.now = now;
      carryOut(conversation, intent);
      takeRequests(conversation);
      return takeEffects(conversation);
    },
  };
}

function takeRequests(conversation: Conversation): void {
  const { reader } = conversation;
  while (conversation.state === 'identified' || conversation.state === 'unidentified') {
    const request = reader.next();
    if (reader.asksToContinue) {
      reader.asksToContinue = false;
      conversation.effects.push({ do: 'answer', bytes: CONTINUE, when: 'durable' });
    }
    if (request === null) break;
    take(conversation, request);
  }
  if (conversation.state === 'closed' || reader.broken === null) return;
  const { status, why } = reader.broken;
  count(conversation, 'protocol_error', why, reader.rest);
  answer(conversation, status, why, true);
}

function take(conversation: Conversation, request: Request): void {
  const { last } = request;
  try {
    const { id, places } = readReport(request);
    if (!ID.test(id))
      throw new BadRequest(`id: ${JSON.stringify(id.slice(0, 80))}, expected 1 to 64 letters, digits, - _ .`);
    const ident = `osmand:${id}`;
    if (conversation.state === 'identified' && conversation.ident === ident)
      return takePlaces(conversation, places, last);
    conversation.state = 'identifying';
    conversation.ident = ident;
    conversation.held = { places, last };
    conversation.effects.push({ do: 'identify', ident });
  } catch (error) {
    refuse(conversation, error, last);
  }
}

/** All places of a request or none: a device that hears of one that cannot be keeps them all. */
function takePlaces(conversation: Conversation, places: readonly Place[], last: boolean): void {
  try {
    const { readings, odd } = readingsOf(places, conversation.clockOffset, conversation.now);
    store(conversation, readings);
    for (const { what, why } of odd) count(conversation, what, why);
    answer(conversation, 200, '', last);
  } catch (error) {
    refuse(conversation, error, last);
  }
}

function refuse(conversation: Conversation, error: unknown, last: boolean): void {
  if (!(error instanceof BadRequest)) throw error;
  count(conversation, 'bad_request', error.message);
  answer(conversation, 400, error.message, last);
}

/** All answers wait for what is before them, as HTTP has them in the order of the requests. */
function answer(conversation: Conversation, status: Status, text: string, last: boolean): void {
  const bytes = answerBytes(status, text, last);
  const otherwise =
    status === 200 ? answerBytes(503, 'nothing can be stored at the moment, send it again', last) : bytes;
  conversation.effects.push({ do: 'answer', bytes, when: 'durable', otherwise });
  if (!last) return;
  conversation.state = 'closed';
  conversation.effects.push({ do: 'close', why: status === 200 ? 'the last request' : text, scope: 'connection' });
}

/** Goes on after an outcome; there is no word for anything else. */
function carryOut(conversation: Conversation, intent: Intent): void {
  const { held } = conversation;
  if (conversation.state !== 'identifying' || held === null) return;
  if (intent.tell === 'refused') {
    conversation.state = 'unidentified';
    conversation.held = null;
    answer(conversation, 403, intent.why, held.last);
  } else if (intent.tell === 'identified') {
    conversation.state = 'identified';
    conversation.held = null;
    conversation.clockOffset = intent.clockOffset ?? 0;
    takePlaces(conversation, held.places, held.last);
  }
}

const ID = /^[A-Za-z0-9._-]{1,64}$/;
