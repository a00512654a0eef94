const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Time to live by type in seconds (0: kept), from an option such as `_server=90d,sen:temp=36h`, checked before. */
export function ttlByType(option: string): (type: string) => number {
  const byType = new Map<string, number>();
  for (const entry of option.split(',')) {
    const match = /^([^=]+)=(\d+)([smhd])$/.exec(entry);
    if (match?.[1] && match[2] && match[3]) byType.set(match[1], Number(match[2]) * (secondsOf[match[3]] ?? 0));
  }
  return (type) => byType.get(type) ?? 0;
}
