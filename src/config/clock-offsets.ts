/** Minutes ahead of UTC by protocol, from an option such as `gt06=480,h02=-60`, checked before. */
export function clockOffsets(option: string): ReadonlyMap<string, number> {
  const byProtocol = new Map<string, number>();
  for (const entry of option.split(',')) {
    const [protocol, minutes] = entry.split('=');
    if (protocol && minutes) byProtocol.set(protocol, Number(minutes));
  }
  return byProtocol;
}
