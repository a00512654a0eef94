/** What a session knows of its conversation. */
import type { Turns } from '../turns.js';
import type { SentCommands } from './commands.js';
import type { Frame, FrameReader } from './frames.js';

export interface Conversation extends Turns<Frame> {
  readonly isDatagram: boolean;
  readonly reader: FrameReader;
  readonly sent: SentCommands;
  /** The digits of the device that is identified, or is about to be. */
  id: string;
  /** Whose protocol it says it speaks: it is spoken to in the same. */
  maker: string;
  /** The frame whose sender is being identified. */
  held: Frame | null;
  /** Minutes that the device's clock is ahead of UTC. */
  clockOffset: number;
  /** The date of the last packet, for what comes behind it. */
  packetTime: number | null;
}
