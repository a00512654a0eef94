import type { Registry } from '../registry/registry.js';
import { type ChangeDevice, deviceChild, deviceValues } from './device.js';
import { compilePattern, type Pattern, PatternError } from './pattern.js';
import { Refusal } from './refusal.js';
import { checkLine, MAX_NAME_BYTES } from './text.js';
import type { Turns } from './turns.js';

/** Rules that say which topic converts a channel's data; where none matches, the gateway does. */
export interface ChannelTranslation {
  /** What a device's rules and the default ones make of a channel: the topic, or null for the gateway. */
  rulesFor(deviceId: string): Promise<(channel: string) => string | null>;
  /** Rules of a device or of `default`, the strongest first. */
  list(deviceIdOrDefault: string): Promise<TranslationRule[]>;
  /** Rejects with a `Refusal`: `invalid` for a pattern that is none, `full`. */
  set(deviceIdOrDefault: string, rule: TranslationRule): Promise<void>;
  /** Resolves to whether there was such a rule. */
  remove(deviceIdOrDefault: string, rule: Omit<TranslationRule, 'topic'>): Promise<boolean>;
}

export interface TranslationRule {
  /** 0 to 9999; the lowest wins, a device's own before the default ones. */
  readonly priority: number;
  /** A regular expression found anywhere in the channel's name: see `pattern.ts`. */
  readonly pattern: string;
  /** Empty: the gateway. */
  readonly topic: string;
}

/** In place of a device's id: the rules for all devices. */
export const DEFAULT_RULES = 'default';
/** Rules of one device, and by default, at the most. */
export const MAX_RULES = 100;
/** Channels whose topic is remembered while a device is connected. */
export const MAX_REMEMBERED_CHANNELS = 256;
/** A pattern, in bytes of UTF-8. */
const MAX_PATTERN_BYTES = 500;
const MAX_PRIORITY = 9_999;

export interface ChannelTranslationOptions {
  readonly registry: Registry;
  readonly turns: Turns;
  readonly change: ChangeDevice;
}

export function openChannelTranslation({ registry, turns, change }: ChannelTranslationOptions): ChannelTranslation {
  const changeRules: ChangeDevice = (id, task) => (id === DEFAULT_RULES ? turns(id, task) : change(id, task));

  async function list(id: string): Promise<TranslationRule[]> {
    const values = await deviceValues(registry, id, 'channel-translation');
    return [...values]
      .map(([name, topic]) => ruleOf(name, topic))
      .filter((rule) => rule !== null)
      .sort(strongerFirst);
  }

  async function rulesFor(deviceId: string): Promise<(channel: string) => string | null> {
    const [own, common] = await Promise.all([list(deviceId), list(DEFAULT_RULES)]);
    // Sorting is stable: at equal priority the device's own stay in front.
    const rules = [...own, ...common].sort((a, b) => a.priority - b.priority).flatMap(compiled);
    return rules.length === 0 ? () => null : remembering((channel) => topicOf(rules, channel));
  }

  async function set(id: string, { priority, pattern, topic }: TranslationRule): Promise<void> {
    checkRule(priority, pattern, topic);
    await changeRules(id, async () => {
      const before = await deviceValues(registry, id, 'channel-translation');
      const name = valueName(priority, pattern);
      if (!before.has(name) && before.size >= MAX_RULES)
        throw new Refusal('full', `Too many rules: there are ${MAX_RULES} already`);
      await registry.set(deviceChild(id, 'channel-translation'), { [name]: topic });
    });
  }

  function remove(id: string, { priority, pattern }: Omit<TranslationRule, 'topic'>): Promise<boolean> {
    return changeRules(id, async () => {
      const name = valueName(priority, pattern);
      if (!(await deviceValues(registry, id, 'channel-translation')).has(name)) return false;
      await registry.unset(deviceChild(id, 'channel-translation'), [name]);
      return true;
    });
  }

  return { rulesFor, list, set, remove };
}

interface CompiledRule {
  readonly matches: Pattern;
  readonly topic: string;
}

function topicOf(rules: readonly CompiledRule[], channel: string): string | null {
  if (Buffer.byteLength(channel) > MAX_NAME_BYTES) return null;
  const topic = rules.find(({ matches }) => matches(channel))?.topic;
  return topic === undefined || topic === '' ? null : topic;
}

/** A rule that somebody stored past us and that is none says nothing. */
function compiled({ pattern, topic }: TranslationRule): CompiledRule[] {
  try {
    return [{ matches: compilePattern(pattern), topic }];
  } catch (error) {
    if (error instanceof PatternError) return [];
    throw error;
  }
}

function remembering(translate: (channel: string) => string | null): (channel: string) => string | null {
  const remembered = new Map<string, string | null>();
  return (channel) => {
    const before = remembered.get(channel);
    if (before !== undefined) return before;
    const topic = translate(channel);
    if (remembered.size >= MAX_REMEMBERED_CHANNELS) remembered.clear();
    remembered.set(channel, topic);
    return topic;
  };
}

function ruleOf(name: string, topic: string): TranslationRule | null {
  const parts = /^(\d{1,4})_(.*)$/s.exec(name);
  return parts?.[1] === undefined || parts[2] === undefined
    ? null
    : { priority: Number(parts[1]), pattern: parts[2], topic };
}

function valueName(priority: number, pattern: string): string {
  return `${String(priority).padStart(4, '0')}_${pattern}`;
}

function strongerFirst(a: TranslationRule, b: TranslationRule): number {
  return a.priority - b.priority || (a.pattern < b.pattern ? -1 : 1);
}

function checkRule(priority: number, pattern: string, topic: string): void {
  if (!(Number.isInteger(priority) && priority >= 0 && priority <= MAX_PRIORITY))
    throw new Refusal(
      'invalid',
      `Invalid priority: ${priority}, expected a whole number from 0 to ${MAX_PRIORITY}`,
      'priority',
    );
  if (Buffer.byteLength(pattern) > MAX_PATTERN_BYTES)
    throw new Refusal('invalid', `Invalid pattern: more than ${MAX_PATTERN_BYTES} bytes`, 'pattern');
  checkLine('pattern', pattern, 'pattern');
  checkLine('topic', topic, 'topic');
  if (!/^([A-Za-z0-9._-]{1,64})?$/.test(topic))
    throw new Refusal(
      'invalid',
      `Invalid topic: ${JSON.stringify(topic)}, expected letters, digits, dot, _ and -`,
      'topic',
    );
  try {
    compilePattern(pattern);
  } catch (error) {
    if (error instanceof PatternError) throw new Refusal('invalid', error.message, 'pattern');
    throw error;
  }
}
