// A text with line numbers, and marks where something is wrong. It is the browser's own text field, with all its keys, selection and
// help for readers; what is coloured lies beneath it. (Editors of npm write a <style> or weigh more than the rest of the console.)
import { memo, useEffect, useMemo, useRef } from 'react';
import classes from './CodeEditor.module.css';
import { paint, type Language } from './codeColors';

export interface Mark { line: number; text: string }

export interface Place { line: number; column: number; /** Another number: go there again. */ turn: number }

interface Props {
  label: string;
  value: string;
  language: Language;
  marks?: readonly Mark[];
  readOnly?: boolean;
  /** Where the cursor is put when this changes. */
  place?: Place | null;
  onChange?: (value: string) => void;
}

const Paint = memo(function Paint({ value, language }: { value: string; language: Language }) {
  return <>{paint(value, language).map((piece, n) => (piece.kind ? <span key={n} className={classes[piece.kind]}>{piece.text}</span> : piece.text))}{'\n'}</>;
});

export function CodeEditor({ label, value, language, marks = [], readOnly = false, place = null, onChange }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const lines = useMemo(() => value.split('\n').length, [value]);
  const marked = useMemo(() => new Map(marks.filter(mark => mark.line > 0).map(mark => [mark.line, mark.text])), [marks]);
  const turn = place?.turn;
  // The place counts when it is asked for, not when the text changes.
  useEffect(() => {
    const element = field.current;
    if (!place || !element) return;
    const before = element.value.split('\n');
    const start = before.slice(0, place.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    const length = before[place.line - 1]?.length ?? 0;
    element.focus({ preventScroll: true });
    element.setSelectionRange(start + Math.max(0, Math.min(place.column - 1, length)), start + length);
    document.getElementById(`${element.id}-${place.line}`)?.scrollIntoView({ block: 'center' });
  }, [turn]);
  const id = useMemo(() => `code-${Math.random().toString(36).slice(2)}`, []);
  return (
    <div className={classes.editor}>
      <div className={classes.numbers} aria-hidden="true">
        {Array.from({ length: lines }, (_, n) => <span key={n} id={`${id}-${n + 1}`} className={marked.has(n + 1) ? classes.bad : undefined} title={marked.get(n + 1)}>{n + 1}</span>)}
      </div>
      <div className={classes.text}>
        <pre className={classes.paint} aria-hidden="true"><Paint value={value} language={language} /></pre>
        {[...marked.keys()].map(line => <div key={line} className={classes.mark} style={{ top: `calc(${line - 1} * var(--line-height) + var(--pad))` }} />)}
        <textarea
          ref={field}
          id={id}
          className={classes.field}
          aria-label={label}
          aria-invalid={marked.size > 0 || undefined}
          value={value}
          readOnly={readOnly}
          wrap="off"
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          onChange={event => onChange?.(event.currentTarget.value)}
        />
      </div>
    </div>
  );
}
