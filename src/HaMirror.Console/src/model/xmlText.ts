// A module's XML as a text with places. The text itself is the one truth: the form reads values here and changes them in place, so
// that comments, order and blanks stay as somebody wrote them. Whether what stands there is right is for the node to say; here only
// what must be known to find a place: elements, attributes, comments. Offsets count UTF-16 units from 0, lines from 1.

export interface XmlAttribute {
  name: string;
  /** With the five entities and character references replaced. */
  value: string;
  start: number;
  end: number;
  /** Between the quotes. */
  from: number;
  to: number;
}

export interface XmlElement {
  name: string;
  attributes: XmlAttribute[];
  children: XmlElement[];
  /** The comment right before it; null: none. */
  comment: string | null;
  /** Text in it that is no blank; "" mostly. */
  content: string;
  start: number;
  /** Behind the start tag. */
  tagEnd: number;
  /** Before the end tag; where `selfClosed`, behind the start tag. */
  closeStart: number;
  end: number;
  selfClosed: boolean;
  line: number;
}

export interface XmlFault { line: number; column: number; text: string }

export interface XmlText { root: XmlElement | null; fault: XmlFault | null }

const nameForm = /[A-Za-z_:][-A-Za-z0-9_:.]*/y;
const blankForm = /\s*/y;
const depthMost = 32;

class Refused extends Error {
  constructor(readonly at: number, readonly sentence: string) { super(sentence); }
}

export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

/** The offset of a place in the text as the node names it; a column of 0 is the line's begin. */
export function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let n = 1; n < line; n++) {
    const end = text.indexOf('\n', at);
    if (end < 0) return text.length;
    at = end + 1;
  }
  return Math.min(text.length, at + Math.max(0, column - 1));
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decode(raw: string): string {
  return raw.replace(/&(#x[0-9a-fA-F]+|#[0-9]+|[a-z]+);/g, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole;
    const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** As it may stand between double quotes. */
export function encode(value: string): string {
  return value.replace(/[&<>"\n\t]/g, letter => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;', '\t': '&#9;' })[letter]!);
}

const flat = (comment: string) => comment.split('\n').map(line => line.trim()).join(' ').trim();

class Scanner {
  private at = 0;
  private root: XmlElement | null = null;
  private readonly open: XmlElement[] = [];
  private comment: string | null = null;

  constructor(private readonly text: string) {}

  read(): XmlElement {
    while (this.at < this.text.length) this.step();
    const last = this.open.at(-1);
    if (last) throw new Refused(last.start, `<${last.name}> is not closed: </${last.name}> is missing.`);
    if (!this.root) throw new Refused(0, 'There is no element.');
    return this.root;
  }

  private step(): void {
    const { text } = this;
    const next = text.indexOf('<', this.at);
    this.takeText(text.slice(this.at, next < 0 ? text.length : next));
    if (next < 0) {
      this.at = text.length;
      return;
    }
    this.at = next;
    if (text.startsWith('<!--', next)) {
      const end = this.find('-->', next + 4, 'The comment that begins here does not end: --> is missing.');
      this.comment = flat(text.slice(next + 4, end));
      this.at = end + 3;
    } else if (text.startsWith('<![CDATA[', next)) {
      const end = this.find(']]>', next + 9, 'The CDATA section that begins here does not end.');
      this.takeText(text.slice(next + 9, end));
      this.at = end + 3;
    } else if (text.startsWith('<?', next)) this.at = this.find('?>', next + 2, 'The processing instruction that begins here does not end.') + 2;
    else if (text.startsWith('<!', next)) this.at = this.find('>', next + 2, 'The declaration that begins here does not end.') + 1;
    else if (text[next + 1] === '/') this.close();
    else this.begin();
  }

  private takeText(part: string): void {
    const plain = part.trim();
    if (plain === '') return;
    const parent = this.open.at(-1);
    if (!parent) throw new Refused(this.at + part.indexOf(plain[0]!), 'Text stands outside of all elements.');
    parent.content += (parent.content ? '\n' : '') + decode(plain);
  }

  private find(what: string, from: number, sentence: string): number {
    const found = this.text.indexOf(what, from);
    if (found < 0) throw new Refused(this.at, sentence);
    return found;
  }

  private close(): void {
    const start = this.at;
    const name = this.name(start + 2, 'A name is missing after </.');
    this.blank();
    if (this.text[this.at] !== '>') throw new Refused(start, `</${name} does not end: > is missing.`);
    this.at++;
    const element = this.open.pop();
    if (!element) throw new Refused(start, `</${name}> closes nothing.`);
    if (element.name !== name) throw new Refused(start, `</${name}> stands where </${element.name}> is awaited: <${element.name}> was opened in line ${element.line}.`);
    element.closeStart = start;
    element.end = this.at;
    this.comment = null;
  }

  private begin(): void {
    const start = this.at;
    const name = this.name(start + 1, 'A name is missing after <. Where < is meant as a letter write &lt;.');
    const element: XmlElement = { name, attributes: [], children: [], comment: this.comment, content: '', start, tagEnd: 0, closeStart: 0, end: 0, selfClosed: false, line: lineOf(this.text, start) };
    this.comment = null;
    for (;;) {
      const before = this.at;
      this.blank();
      const letter = this.text[this.at];
      if (letter === '>' || this.text.startsWith('/>', this.at)) break;
      if (letter === undefined || letter === '<') throw new Refused(start, `The tag <${name} does not end: > is missing.`);
      if (before === this.at) throw new Refused(this.at, 'A blank is missing before the next attribute.');
      element.attributes.push(this.attribute(element));
    }
    element.selfClosed = this.text[this.at] === '/';
    this.at += element.selfClosed ? 2 : 1;
    element.tagEnd = element.closeStart = element.end = this.at;
    const parent = this.open.at(-1);
    if (parent) parent.children.push(element);
    else if (this.root) throw new Refused(start, `There is a second element beside <${this.root.name}>: a file has one.`);
    else this.root = element;
    if (element.selfClosed) return;
    if (this.open.length >= depthMost) throw new Refused(start, `Elements are nested more than ${depthMost} deep.`);
    this.open.push(element);
  }

  private attribute(element: XmlElement): XmlAttribute {
    const start = this.at;
    const name = this.name(start, `In <${element.name}> an attribute's name is awaited here.`);
    if (element.attributes.some(one => one.name === name)) throw new Refused(start, `<${element.name}> has the attribute ${name} twice.`);
    this.blank();
    if (this.text[this.at] !== '=') throw new Refused(start, `The attribute ${name} has no value: write ${name}="...".`);
    this.at++;
    this.blank();
    const quote = this.text[this.at];
    if (quote !== '"' && quote !== "'") throw new Refused(this.at, `The value of ${name} must stand in quotes.`);
    const from = this.at + 1;
    const to = this.text.indexOf(quote, from);
    if (to < 0) throw new Refused(start, `The value of ${name} does not end: the closing quote is missing.`);
    const raw = this.text.slice(from, to);
    const bad = raw.indexOf('<');
    if (bad >= 0) throw new Refused(raw.slice(0, bad).includes('\n') ? start : from + bad, `In the value of ${name} stands <: a quote is missing before it, or write &lt;.`);
    this.at = to + 1;
    return { name, value: decode(raw), start, end: this.at, from, to };
  }

  private name(from: number, sentence: string): string {
    nameForm.lastIndex = from;
    const match = nameForm.exec(this.text);
    if (!match) throw new Refused(from, sentence);
    this.at = nameForm.lastIndex;
    return match[0];
  }

  private blank(): void {
    blankForm.lastIndex = this.at;
    blankForm.exec(this.text);
    this.at = blankForm.lastIndex;
  }
}

export function readXml(text: string): XmlText {
  try {
    return { root: new Scanner(text).read(), fault: null };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const begin = text.lastIndexOf('\n', error.at - 1) + 1;
    return { root: null, fault: { line: lineOf(text, error.at), column: error.at - begin + 1, text: error.sentence } };
  }
}

export const attributeOf = (element: XmlElement, name: string): XmlAttribute | undefined => element.attributes.find(one => one.name === name);

/** @param value null: the attribute is taken out */
export function withAttribute(text: string, element: XmlElement, name: string, value: string | null): string {
  const present = attributeOf(element, name);
  if (present && value !== null) {
    const quote = text[present.from - 1];
    const written = quote === "'" ? encode(value).replaceAll("'", '&apos;') : encode(value);
    return text.slice(0, present.from) + written + text.slice(present.to);
  }
  if (present) return text.slice(0, present.start).replace(/\s+$/, '') + text.slice(present.end);
  if (value === null) return text;
  const last = element.attributes.at(-1);
  const at = last ? last.end : element.start + 1 + element.name.length;
  return `${text.slice(0, at)} ${name}="${encode(value)}"${text.slice(at)}`;
}

const lineStart = (text: string, offset: number) => text.lastIndexOf('\n', offset - 1) + 1;
const isBlank = (text: string) => text.trim() === '';

function indentOf(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))![0];
}

/**
 * @param child as it is to stand there, without blanks around
 * @param after the child behind which it is to stand; null: last
 */
export function withChild(text: string, parent: XmlElement, child: string, after: XmlElement | null = null): string {
  if (after) {
    const indent = indentOf(text, after.start);
    return `${text.slice(0, after.end)}\n${indent}${child}${text.slice(after.end)}`;
  }
  const outer = indentOf(text, parent.start);
  const first = parent.children[0];
  const inner = first && isBlank(text.slice(lineStart(text, first.start), first.start)) ? indentOf(text, first.start) : `${outer}  `;
  if (parent.selfClosed) {
    const tag = text.slice(parent.start, parent.end - 2).replace(/\s+$/, '');
    return `${text.slice(0, parent.start)}${tag}>\n${inner}${child}\n${outer}</${parent.name}>${text.slice(parent.end)}`;
  }
  const line = lineStart(text, parent.closeStart);
  if (line > parent.tagEnd - 1 && isBlank(text.slice(line, parent.closeStart))) return `${text.slice(0, line)}${inner}${child}\n${text.slice(line)}`;
  return `${text.slice(0, parent.closeStart)}\n${inner}${child}\n${outer}${text.slice(parent.closeStart)}`;
}

/** Without the element, and without the line that it alone stands on. */
export function withoutElement(text: string, element: XmlElement): string {
  const begin = lineStart(text, element.start);
  const end = text.indexOf('\n', element.end);
  const alone = isBlank(text.slice(begin, element.start)) && isBlank(text.slice(element.end, end < 0 ? text.length : end));
  return alone ? text.slice(0, begin) + (end < 0 ? '' : text.slice(end + 1)) : text.slice(0, element.start) + text.slice(element.end);
}

export interface Field { name: string; kind: 'macro' | 'var'; value: string; meaning: string | null; element: XmlElement }

const reference = /%[A-Za-z_][A-Za-z0-9_]*%/;

/** What a module is made of: its macros, and its variables whose value is no macro's. As ConfigurationFields of the node sees it. */
export function fieldsOf(root: XmlElement): Field[] {
  const fields: Field[] = [];
  const walk = (element: XmlElement) => {
    const name = attributeOf(element, 'name')?.value;
    const value = attributeOf(element, 'value')?.value ?? '';
    if (name !== undefined && (element.name === 'macro' || (element.name === 'var' && !reference.test(value)))) fields.push({ name, kind: element.name as 'macro' | 'var', value, meaning: element.comment, element });
    element.children.forEach(walk);
  };
  walk(root);
  return fields;
}
