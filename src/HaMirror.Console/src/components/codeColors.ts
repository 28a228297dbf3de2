// Pieces of a text that are shown in a colour of their own: what a reader may pass over, and what he looks for. Nothing is judged here.

export type Language = 'xml' | 'shell' | 'plain';

export interface Piece { text: string; kind: 'comment' | 'name' | 'string' | null }

const forms: Readonly<Record<Language, { form: RegExp; kinds: readonly Piece['kind'][] } | null>> = {
  // Comments; names of elements; values of attributes.
  xml: { form: /(<!--[\s\S]*?(?:-->|$))|(<\/?[A-Za-z_:][-\w:.]*|\/?>|<![A-Z][^>]*>)|("[^"<]*"|'[^'<]*')/g, kinds: ['comment', 'name', 'string'] },
  // Comments at a word's begin; words of the shell; strings within a line.
  shell: { form: /((?<=^|\s)#[^\n]*)|\b(if|then|else|elif|fi|for|while|until|do|done|case|esac|in|return|exit|function)\b|("(?:[^"\\\n]|\\.)*"|'[^'\n]*')/gm, kinds: ['comment', 'name', 'string'] },
  plain: null,
};

export function paint(text: string, language: Language): Piece[] {
  const rule = forms[language];
  if (!rule) return [{ text, kind: null }];
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(rule.form)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), kind: null });
    const group = match.slice(1).findIndex(part => part !== undefined);
    pieces.push({ text: match[0], kind: rule.kinds[group] ?? null });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), kind: null });
  return pieces;
}

export function languageOf(path: string, text: string): Language {
  if (path.endsWith('.xml')) return 'xml';
  return text.startsWith('#!') || path.endsWith('.sh') || path.startsWith('bin/') ? 'shell' : 'plain';
}
