import type { ProblemRecord } from './types';

/** A request that was refused, or found nobody: a sentence, and what to do. */
export class Problem extends Error {
  override name = 'Problem';

  constructor(
    readonly status: number,
    readonly title: string,
    readonly remedy?: string | undefined,
    readonly errors: readonly string[] = [],
  ) {
    super(title);
  }

  /** Nobody answered: neither the node that was asked nor the other one. */
  get silent(): boolean { return this.status === 0; }

  /** Somebody else has changed it since it was read; nothing was done. */
  get outdated(): boolean { return this.status === 412; }

  static of(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof Error) return new Problem(0, `The page failed: ${error.message}`, 'Reload it; if it happens again, look into the browser\'s console.');
    return new Problem(0, 'The page failed.', 'Reload it.');
  }

  static async ofResponse(response: Response): Promise<Problem> {
    const type = response.headers.get('content-type') ?? '';
    if (type.includes('json')) {
      const record = (await response.json().catch(() => null)) as ProblemRecord | null;
      if (record && typeof record.title === 'string') return new Problem(response.status, record.title, record.detail, record.errors ?? []);
    }
    return new Problem(response.status, `The node answers ${response.status} ${response.statusText}.`, 'Is there a proxy in between? Ask the node itself.');
  }
}
