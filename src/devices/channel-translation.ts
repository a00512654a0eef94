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
