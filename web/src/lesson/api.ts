// The calls to our own JSON API; a refusal comes back in the viewer's language (RFC 9457 with both titles).
import { language, t, type Bilingual } from '../i18n/language.ts';
import type { Lesson } from './lesson.ts';

/** The way into one media room. */
export interface MediaTicket {
  /** null: the media server answers on this page's own origin. */
  readonly url: string | null;
  readonly token: string;
  readonly identity: string;
  readonly ice_servers?: RTCIceServer[];
}

export interface Ticket extends MediaTicket {
  readonly seat: string;
  readonly lesson: Lesson;
}

export interface CheckTicket {
  readonly url: string | null;
  readonly tokens: { readonly a: string; readonly b: string };
  readonly ice_servers?: RTCIceServer[];
  readonly ports?: { readonly udp: readonly number[]; readonly tcp: readonly number[] };
}

/** A refusal with text that a person can read. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;

  constructor(code: string, text: string) {
    super(text);
    this.code = code;
  }
}

interface Problem {
  readonly code?: string;
  readonly titles?: Bilingual;
}

export async function call<T>(path: string, method: 'GET' | 'POST'): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { method, headers: { Accept: 'application/json' }, cache: 'no-store' });
  } catch {
    throw new Refusal('offline', t('Tongchuang cannot be reached. Check that this device is online.'));
  }
  if (response.ok) return (await response.json()) as T;
  const problem = (await response.json().catch(() => ({}))) as Problem;
  throw new Refusal(problem.code ?? String(response.status), problem.titles?.[language()] ?? t('Something went wrong on our side.'));
}

/** A guest gets an identity of their own and so does not take the seat from somebody else. */
export const fetchTicket = (seat: string, isGuest: boolean): Promise<Ticket> =>
  call<Ticket>(`/api/v1/demo/lesson/token?${new URLSearchParams({ seat, ...(isGuest ? { guest: '1' } : {}) })}`, 'GET');

export const fetchCheckTicket = (): Promise<CheckTicket> => call<CheckTicket>('/api/v1/check/token', 'POST');

/** The media server's address: its own when the API names one, else this page's origin with ws for http. */
export const mediaUrl = (url: string | null, origin: string): string => url ?? origin.replace(/^http/, 'ws');
