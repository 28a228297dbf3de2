// Every request of the console passes here. `node` names the node that is to carry it out; either node takes it.
import { doors } from './doors';
import { Problem } from './problem';
import type { SessionStatus } from './types';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface RequestOptions {
  node?: string | undefined;
  body?: unknown;
  signal?: AbortSignal;
  /** The version that is changed, as it was read; null: it must not exist yet. When it is another one by now the node refuses with
   * 412 (`Problem.outdated`): somebody else was faster, and nothing was changed. */
  match?: string | null;
  /** The answer is an operation (api/operations.ts) instead of what comes at its end. */
  asOperation?: boolean;
}

/** Somebody must log in (again). Set by the session store. */
let onUnauthorized: () => void = () => undefined;
export function whenUnauthorized(action: () => void): void { onUnauthorized = action; }

/** `/v1/REST` at the named node: `/v1/nodes/NODE/REST`. An empty name is a node without a cluster. */
export function pathAt(node: string | undefined, path: string): string {
  return node ? `/v1/nodes/${encodeURIComponent(node)}${path.slice('/v1'.length)}` : path;
}

/** @throws {Problem} the request was refused or found nobody */
export async function send(method: Method, path: string, options: RequestOptions = {}): Promise<Response> {
  const headers: Record<string, string> = {};
  const init: RequestInit = { method, headers };
  if (options.signal) init.signal = options.signal;
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    headers['Content-Type'] = 'application/json';
  }
  if (options.match === null) headers['If-None-Match'] = '*';
  else if (options.match !== undefined) headers['If-Match'] = `"${options.match}"`;
  if (options.asOperation) headers['Prefer'] = 'respond-async';
  const response = await doors.fetch(pathAt(options.node, path), init);
  if (response.ok) return response;
  const problem = await Problem.ofResponse(response);
  if (response.status === 401 && path !== '/v1/session') onUnauthorized();
  throw problem;
}

async function json<T>(method: Method, path: string, options?: RequestOptions): Promise<T> {
  const response = await send(method, path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export const api = {
  get: <T>(path: string, options?: RequestOptions) => json<T>('GET', path, options),
  post: <T>(path: string, body?: unknown, options?: RequestOptions) => json<T>('POST', path, { ...options, body: body ?? {} }),
  put: <T>(path: string, body: unknown, options?: RequestOptions) => json<T>('PUT', path, { ...options, body }),
  delete: <T = void>(path: string, options?: RequestOptions) => json<T>('DELETE', path, options),
};

export const modulePath = (module: string, rest = '') => `/v1/modules/${encodeURIComponent(module)}${rest}`;

/** Who is logged in; null: nobody. */
export async function readSession(): Promise<SessionStatus | null> {
  try {
    return await api.get<SessionStatus>('/v1/session');
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

/** The session as a token, for the other node. Kept in memory alone. */
export async function fetchToken(): Promise<void> {
  const session = await api.post<SessionStatus>('/v1/session/token');
  doors.setToken(session.token ?? null);
}
