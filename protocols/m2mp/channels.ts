/**
 * What a message means, by the name of its channel: one line of `meanings` and one function each, in the order of the
 * table in README.md. A message without a meaning is stored under its channel's name, also where the channel has one
 * and the message does not fit it: what a device was told to be stored must be found again.
 */
import type { Confirmation } from '../protocol.js';
import { INVALID } from '../raw.js';
import { breakOff, type Channel, type Conversation, close, count, isName, type Meaning, say } from './conversation.js';
import { type Frame, readUint } from './frames.js';
import { locationJson, locationTime, wholeLocation } from './location-layout.js';
import { payload, readElements } from './messages.js';
import { hexJson, jsonOf, jsonOfElements, textOf } from './text.js';

const meanings: readonly Meaning[] = [
  { channel: '_set', data: oddData, array: settings, own: true },
  { channel: '_sta', data: oddData, array: statuses, own: true },
  { channel: '_cmd', data: oddData, array: commandDone, own: true },
  { channel: '_special', data: special, array: oddArray, own: true },
  { channel: 'echo', data: echo, array: storeArray, own: true },
  { channel: 'echo:*', data: echo, array: storeArray, own: true },
  { channel: 'sen:loc', data: location, array: noLocation },
  { channel: 'sen:*', data: storeText, array: datedValue },
  { channel: 'lsen:*', data: storeText, array: datedValue },
];
const anyOther: Meaning = { channel: '*', data: storeText, array: storeArray };

const LISTED = 'lsen:';

/** A channel of this name. */
export function channelNamed(name: string): Channel {
  const meaning = meanings.find(({ channel }) =>
    channel.endsWith('*') ? name.startsWith(channel.slice(0, -1)) : name === channel,
  );
  const listed = name.startsWith(LISTED) && name.length > LISTED.length ? name.slice(LISTED.length) : null;
  return { name, meaning: meaning ?? anyOther, listed, handedOver: meaning?.own ? false : null };
}

/** The name of a channel that was never defined. */
export function undefinedChannel(id: number): Channel {
  return channelNamed(`__channel_${id}`);
}

/** Takes a data frame of a device that is identified. */
export function takeData(conversation: Conversation, channel: Channel, frame: Frame): void {
  channel.handedOver ??= conversation.handsOver(channel.name);
  if (channel.handedOver) conversation.effects.push({ do: 'handOver', channel: channel.name, data: payload(frame) });
  else channel.meaning.data(conversation, channel, frame);
}

/** Takes an array frame of a device that is identified. */
export function takeArray(conversation: Conversation, channel: Channel, frame: Frame): void {
  const elements = readElements(frame);
  if (elements === null) {
    breakOff(
      conversation,
      'Invalid array: its elements do not end where the frame does',
      frame.bytes.subarray(frame.start, frame.end),
    );
    return;
  }
  channel.handedOver ??= conversation.handsOver(channel.name);
  if (channel.handedOver) conversation.effects.push({ do: 'handOver', channel: channel.name, data: elements });
  else channel.meaning.array(conversation, channel, elements, frame);
}

/** `_set`: `["g…", "name=value", …]` reports, `["u", name, …]` does not know, `["ga"]` asks for all. */
function settings(conversation: Conversation, channel: Channel, elements: readonly Buffer[], frame: Frame): void {
  const [kind, ...rest] = elements.map(textOf);
  if (kind === 'u') confirmAll(conversation, channel, elements, frame, rest.map(unknownSetting));
  else if (kind === 'ga' && rest.length === 0) {
    conversation.effects.push({ do: 'ask', question: { ask: 'allSettings' } });
    conversation.state = 'asking';
  } else if (kind?.includes('g'))
    confirmAll(conversation, channel, elements, frame, rest.map(named('settingReported')));
  else oddArray(conversation, channel, elements, frame);
}

/** `_sta`: `["g", "name=value", …]`; `cap` is the list of capabilities. */
function statuses(conversation: Conversation, channel: Channel, elements: readonly Buffer[], frame: Frame): void {
  const [kind, ...rest] = elements.map(textOf);
  if (kind === 'g') confirmAll(conversation, channel, elements, frame, rest.map(named('status')));
  else oddArray(conversation, channel, elements, frame);
}

/** `_cmd`: `["a", id]` or `["a", id, line, …]`, the lines being the response. */
function commandDone(conversation: Conversation, channel: Channel, elements: readonly Buffer[], frame: Frame): void {
  const [kind, id, ...lines] = elements.map(textOf);
  if (kind !== 'a' || !id || !isName(id) || lines.includes(null)) {
    oddArray(conversation, channel, elements, frame);
    return;
  }
  const response = lines.length > 0 ? lines.join('\n') : null;
  conversation.effects.push({ do: 'confirm', what: { kind: 'commandDone', id, response } });
}

/** `_special`: `disconnect_me` ends this connection, `disconnect_us` every one of the device. */
function special(conversation: Conversation, channel: Channel, frame: Frame): void {
  const request = textOf(payload(frame));
  const scope = request === 'disconnect_me' ? 'connection' : request === 'disconnect_us' ? 'device' : null;
  if (scope !== null) conversation.effects.push(close(conversation, `the device asked: ${request}`, scope));
  else oddData(conversation, channel, frame);
}

/** `echo`, `echo:…`: sent back as it came. */
function echo(conversation: Conversation, channel: Channel, frame: Frame): void {
  say(conversation, conversation.voice.data(channel.name, payload(frame)));
}

/** `sen:loc`: a location, dated by the device. */
function location(conversation: Conversation, { name }: Channel, frame: Frame): void {
  const { bytes, end } = frame;
  const at = frame.content + 1;
  const whole = wholeLocation(end - at);
  const json = whole > 0 ? locationJson(bytes, at, whole) : null;
  if (json !== null)
    conversation.effects.push({
      do: 'store',
      reading: { type: name, time: locationTime(bytes, at), data: json, listed: null },
    });
  if (json !== null && whole === end - at) return;
  if (whole !== end - at)
    count(conversation, 'malformed', `a location of ${end - at} bytes, expected 5, 12, 14 or 16`, frame);
  if (whole > 0 && json === null) count(conversation, 'invalid_location', 'a location that is not on the earth', frame);
  keepInvalid(conversation, frame);
}

/** `sen:loc` as an array: no location has that form. */
function noLocation(conversation: Conversation, _: Channel, __: readonly Buffer[], frame: Frame): void {
  count(conversation, 'malformed', 'an array on sen:loc', frame);
  keepInvalid(conversation, frame);
}

/** `sen:…`, `lsen:…` as an array `[time:u32, value]`: dated by the device. */
function datedValue(conversation: Conversation, channel: Channel, elements: readonly Buffer[], frame: Frame): void {
  const [time, value] = elements;
  if (elements.length !== 2 || time?.length !== 4 || value === undefined) {
    oddArray(conversation, channel, elements, frame);
    return;
  }
  store(conversation, channel, readUint(time, 0, 4) * 1_000, jsonOf(value, 0, value.length));
}

/** Any data without another meaning: text, dated by the gateway. */
function storeText(conversation: Conversation, channel: Channel, { bytes, content, end }: Frame): void {
  store(conversation, channel, null, jsonOf(bytes, content + 1, end));
}

/** Any array without another meaning: texts, dated by the gateway. */
function storeArray(conversation: Conversation, channel: Channel, elements: readonly Buffer[]): void {
  store(conversation, channel, null, jsonOfElements(elements));
}

function oddData(conversation: Conversation, channel: Channel, frame: Frame): void {
  count(conversation, 'malformed', `data without a meaning on ${channel.name}`, frame);
  storeText(conversation, channel, frame);
}

function oddArray(conversation: Conversation, channel: Channel, elements: readonly Buffer[], frame: Frame): void {
  count(conversation, 'malformed', `an array without a meaning on ${channel.name}`, frame);
  storeArray(conversation, channel, elements);
}

function store({ effects }: Conversation, { name, listed }: Channel, time: number | null, data: string): void {
  effects.push({ do: 'store', reading: { type: name, time, data, listed } });
}

function keepInvalid({ effects }: Conversation, { bytes, content, end }: Frame): void {
  const data = hexJson(bytes, content + 1, end);
  effects.push({ do: 'store', reading: { type: INVALID, time: null, data, listed: null } });
}

/** Confirms what can be understood; where an element cannot, the whole message is kept besides. */
function confirmAll(
  conversation: Conversation,
  channel: Channel,
  elements: readonly Buffer[],
  frame: Frame,
  confirmations: readonly (Confirmation | null)[],
): void {
  for (const what of confirmations) if (what !== null) conversation.effects.push({ do: 'confirm', what });
  if (confirmations.includes(null)) oddArray(conversation, channel, elements, frame);
}

function unknownSetting(name: string | null): Confirmation | null {
  return name !== null && isName(name) ? { kind: 'settingUnknown', name } : null;
}

/** Reads `name=value`. */
function named(kind: 'settingReported' | 'status'): (text: string | null) => Confirmation | null {
  return (text) => {
    const [, name, value] = text?.match(/^([^=]+)=(.*)$/s) ?? [];
    return name !== undefined && value !== undefined && isName(name) ? { kind, name, value } : null;
  };
}
