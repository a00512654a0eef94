/** How a part is run: in a thread of this process, or in a process that shares its ports with others of its kind. */
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Port, processPort, threadPort } from './port.js';

export interface Spawned {
  readonly port: Port;
  /** Ends it at once; its port closes then. */
  kill(): void;
}

/** `onError` is told of what nobody caught in it, after which it ends. */
export function spawnThread(program: URL, onError: (error: Error) => void): Spawned {
  const thread = new Worker(program);
  thread.on('error', onError);
  return { port: threadPort(thread), kill: () => void thread.terminate() };
}

/** A worker of `node:cluster`: this process accepts connections and hands them out in turn. */
export function spawnProcess(program: URL): Spawned {
  cluster.setupPrimary({ exec: fileURLToPath(program), args: [], serialization: 'advanced' });
  const { process } = cluster.fork();
  return { port: processPort(process), kill: () => void process.kill('SIGKILL') };
}
