// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) from pieces of text. The browser's own
// EventSource sends no Authorization header, which the page needs at the other node.

export interface ServerEvent { id: string | null; kind: string; data: string }

/** Cuts a stream into its events; a piece may end anywhere, in the middle of a line too. */
export class EventText {
  private rest = '';
  private id: string | null = null;
  private kind = '';
  private data: string[] = [];

  push(piece: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    this.rest += piece;
    let from = 0;
    for (let end = this.rest.indexOf('\n', from); end >= 0; end = this.rest.indexOf('\n', from)) {
      const line = this.rest.slice(from, this.rest[end - 1] === '\r' && end > from ? end - 1 : end);
      from = end + 1;
      const event = this.line(line);
      if (event) events.push(event);
    }
    this.rest = this.rest.slice(from);
    return events;
  }

  private line(line: string): ServerEvent | null {
    if (line === '') {
      const event = this.data.length > 0 ? { id: this.id, kind: this.kind || 'message', data: this.data.join('\n') } : null;
      this.kind = '';
      this.data = [];
      return event;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return null; // a comment
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') this.kind = value;
    else if (field === 'data') this.data.push(value);
    else if (field === 'id') this.id = value;
    return null;
  }
}
