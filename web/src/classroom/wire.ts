// The socket as the client needs it, and the real one: socket.io over WebSocket only.
import { io } from 'socket.io-client';

export interface Wire {
  readonly connected: boolean;
  /** True while it comes back by itself. */
  readonly active: boolean;
  on(event: string, listener: (...args: never[]) => void): unknown;
  /** Resolves with the server's ack; rejects when none came in time. */
  ask(event: string, payload: unknown, timeoutMs: number): Promise<unknown>;
  connect(): void;
  close(): void;
}

export interface WireAuth {
  readonly lesson: string;
  readonly companion?: true;
  readonly screen?: 'a' | 'b';
}

const FIRST_DELAY_MS = 300; // an app that restarts is back in a second or three
const MOST_DELAY_MS = 3000;

export function openWire(auth: WireAuth): Wire {
  const socket = io('/classroom', {
    path: '/socket.io',
    transports: ['websocket'],
    auth: { ...auth },
    reconnectionDelay: FIRST_DELAY_MS,
    reconnectionDelayMax: MOST_DELAY_MS,
    forceNew: true,
    autoConnect: false,
  });
  return {
    get connected() {
      return socket.connected;
    },
    get active() {
      return socket.active;
    },
    on: (event, listener) => socket.on(event, listener as (...args: unknown[]) => void),
    ask: (event, payload, timeoutMs) => socket.timeout(timeoutMs).emitWithAck(event, payload),
    connect: () => void socket.connect(),
    close: () => void socket.close(),
  };
}
