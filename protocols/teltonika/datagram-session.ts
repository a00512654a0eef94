/** The server's side over UDP: every datagram says whose it is, and is answered by itself. */
import { count, takeEffects } from '../effects.js';
import type { ConnectionFacts, Session } from '../protocol.js';
import { Commands } from './commands.js';
import type { Conversation } from './conversation.js';
import { type Datagram, datagramAnswer, readDatagram } from './datagrams.js';
import { identOf } from './imei.js';
import { takeContent } from './packets.js';

export function createDatagramSession(facts: ConnectionFacts): Session {
  const conversation: Conversation = {
    state: 'unidentified',
    commands: new Commands(),
    clockOffset: 0,
    now: facts.openedAt,
    effects: [],
  };
  let imei = '';
  /** The datagram whose sender is being identified. */
  let held: Datagram | null = null;

  function take(datagram: Datagram): void {
    const records = takeContent(conversation, datagram.content);
    if (records !== null)
      conversation.effects.push({ do: 'answer', bytes: datagramAnswer(datagram, records), when: 'durable' });
  }

  function receive(bytes: Uint8Array): void {
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const datagram = readDatagram(whole);
    if (datagram === null) return count(conversation, 'malformed', 'a datagram that is none of a device', whole);
    const ident = identOf(datagram.imei);
    if (ident === null) return count(conversation, 'malformed', 'a datagram without an IMEI of 15 digits', whole);
    if (conversation.state === 'identified' && imei === datagram.imei) return take(datagram);
    // One that comes before the outcome is sent again by its device.
    if (conversation.state === 'identifying') return;
    conversation.state = 'identifying';
    imei = datagram.imei;
    held = { ...datagram, content: Buffer.from(datagram.content) };
    conversation.effects.push({ do: 'identify', ident });
  }

  return {
    answersOnly: true,
    receive(bytes, now) {
      conversation.now = now;
      receive(bytes);
      return takeEffects(conversation);
    },
    tell(intent, now) {
      conversation.now = now;
      if (conversation.state !== 'identifying') return [];
      if (intent.tell === 'refused') conversation.state = 'unidentified';
      if (intent.tell === 'identified') {
        conversation.state = 'identified';
        conversation.clockOffset = intent.clockOffset ?? 0;
        if (held) take(held);
      }
      if (intent.tell === 'refused' || intent.tell === 'identified') held = null;
      return takeEffects(conversation);
    },
  };
}
