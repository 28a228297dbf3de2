import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { xmlPath, type ModuleFile } from '../../api/configuration';
import { CodeEditor, type Mark, type Place } from '../../components/CodeEditor';
import { languageOf } from '../../components/codeColors';
import { EmptyState } from '../../components/EmptyState';
import { Icon } from '../../components/Icon';
import { Note } from '../../components/Note';
import { count } from '../../model/format';
import { fileOf, hooks, hookWhen, nameRefusal, withFile, withoutFile, withText, type Files } from '../../model/moduleFiles';
import classes from './FilesView.module.css';

interface Props {
  files: Files;
  /** What differs from what editing began with. */
  changed: readonly string[];
  marks: ReadonlyMap<string, readonly Mark[]>;
  readOnly: boolean;
  selected: string | null;
  place: Place | null;
  onSelect: (path: string) => void;
  onFiles: (change: (files: Files) => Files) => void;
}

const hookText = (name: string, when: string) => `#!/bin/sh\n# ${name}: ${when}\n# It is given the state before, the state after and the action; $SAFEMODULE is the module.\n\nexit 0\n`;

/** The hooks, and what else lies beside the XML. */
export function FilesView({ files, changed, marks, readOnly, selected, place, onSelect, onFiles }: Props) {
  const beside = files.filter(file => file.path !== xmlPath);
  const file = (selected === null ? undefined : fileOf(beside, selected)) ?? beside[0];
  return (
    <div className={classes.split}>
      <div className={classes.side}>
        <ul className={classes.list} aria-label="Files">
          {beside.map(one => (
            <li key={one.path}>
              <button type="button" className={classes.file} aria-current={one === file || undefined} onClick={() => onSelect(one.path)}>
                <span className={classes.name}>{one.path.replace(/^bin\//, '')}</span>
                {(marks.get(one.path)?.length ?? 0) > 0 ? <span className={classes.wrong}>wrong</span> : changed.includes(one.path) ? <span className={classes.changed}>changed</span> : null}
              </button>
            </li>
          ))}
        </ul>
        {!readOnly && <AddFile files={files} onAdd={added => { onFiles(now => withFile(now, added)); onSelect(added.path); }} />}
      </div>
      {file
        ? <File key={file.path} file={file} marks={marks.get(file.path) ?? []} readOnly={readOnly} place={place} onFiles={onFiles} />
        : <EmptyState icon="edit" title="This module has no hooks."><p>It only mirrors its directories. start_prim starts a service where the module serves, stop_prim stops it.</p></EmptyState>}
    </div>
  );
}

function File({ file, marks, readOnly, place, onFiles }: { file: ModuleFile; marks: readonly Mark[]; readOnly: boolean; place: Place | null; onFiles: Props['onFiles'] }) {
  const when = hookWhen(file.path);
  const whole = marks.filter(mark => mark.line === 0);
  return (
    <section className={classes.stack} aria-label={file.path}>
      <div className={classes.head}>
        <h2 className="mono">{file.path}</h2>
        <div className={classes.tools}>
          <Checkbox label="Executable" checked={file.executable} disabled={readOnly} onChange={event => { const executable = event.currentTarget.checked; onFiles(files => withFile(files, { ...file, executable })); }} />
          {!readOnly && <Button variant="subtle" color="red" size="xs" leftSection={<Icon name="trash" size={14} />} aria-label={`Remove ${file.path}`} onClick={() => onFiles(files => withoutFile(files, file.path))}>Remove</Button>}
        </div>
      </div>
      {when && <p className={classes.soft}>{when}</p>}
      {whole.map(mark => <Note key={mark.text} tone="bad"><p>{mark.text}</p></Note>)}
      {file.text === undefined
        ? <Note title="This file is no text."><p>It has {count(Math.floor(((file.base64?.length ?? 0) * 3) / 4), 'byte')} and stays as it is. To change it, remove it here, or put another one below /etc/hamirror/modules on a node.</p></Note>
        : <CodeEditor label={`Text of ${file.path}`} value={file.text} language={languageOf(file.path, file.text)} marks={marks} readOnly={readOnly} place={place} onChange={text => onFiles(files => withText(files, file.path, text))} />}
    </section>
  );
}

function AddFile({ files, onAdd }: { files: Files; onAdd: (file: ModuleFile) => void }) {
  const [path, setPath] = useState<string | null>(null);
  const [tried, setTried] = useState(false);
  const missing = hooks.filter(hook => !fileOf(files, `bin/${hook.name}`));
  if (path === null) {
    const choose = (name: string) => {
      const hook = missing.find(one => one.name === name);
      if (hook) onAdd({ path: `bin/${hook.name}`, text: hookText(hook.name, hook.when), executable: true });
      else if (name === '/') setPath('bin/');
    };
    return <NativeSelect className={classes.add} label="Add" value="" data={[{ value: '', label: 'a hook, or a file …' }, ...missing.map(hook => ({ value: hook.name, label: hook.name })), { value: '/', label: 'another file' }]} onChange={event => choose(event.currentTarget.value)} />;
  }
  const refusal = nameRefusal(files, path);
  const add = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (refusal !== null) return;
    onAdd({ path, text: path.startsWith('bin/') ? '#!/bin/sh\n' : '', executable: path.startsWith('bin/') });
    setPath(null);
    setTried(false);
  };
  return (
    <form className={classes.new} onSubmit={add}>
      <TextInput label="Path" value={path} spellCheck={false} autoComplete="off" autoFocus error={tried ? refusal : null} onChange={event => setPath(event.currentTarget.value)} />
      <div className={classes.tools}><Button type="submit" size="xs">Add the file</Button><Button size="xs" variant="default" onClick={() => setPath(null)}>Cancel</Button></div>
    </form>
  );
}
