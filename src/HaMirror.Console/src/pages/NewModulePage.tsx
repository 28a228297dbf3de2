import { Button, TextInput } from '@mantine/core';
import { useMemo, useState, type FormEvent } from 'react';
import { Link, useLocation } from 'wouter';
import { api } from '../api/client';
import type { ModuleFiles, TemplateStatus } from '../api/configuration';
import { EmptyState } from '../components/EmptyState';
import { Icon } from '../components/Icon';
import { PageHeader } from '../components/PageHeader';
import { ProblemNote } from '../components/ProblemNote';
import { useRequest } from '../components/useRequest';
import { useNodes } from '../live/hooks';
import { useLive } from '../live/store';
import { moduleNameRefusal } from '../model/moduleFiles';
import { dropDraft, newModule, setDraft, useDrafts } from './configuration/drafts';
import { Editor } from './configuration/Editor';
import classes from './NewModulePage.module.css';
import path from './ModulePage.module.css';

/** A new module: its template and its name first, then everything else; it comes into being on both nodes at once. */
export default function NewModulePage() {
  const nodes = useNodes();
  const [, go] = useLocation();
  const draft = useDrafts(state => state.all[newModule]);
  const node = nodes.find(each => each.reach === 'live')?.name;
  const names = useMemo(() => nodes.map(each => each.name), [nodes]);
  return (
    <>
      <nav aria-label="Path" className={path.path}><Link href="/">Overview</Link><Icon name="right" size={14} /><span aria-current="page">New module</span></nav>
      {node === undefined ? <PageHeader title="New module" below="Asking the nodes …" />
        : draft ? (
          <Editor draft={draft} title={`New module ${draft.module}`} below="It is on no node yet. Look through it, then make it." node={node} nodes={names} running={[]} inForce={null} readOnly={null} held={null}
            dropLabel="Begin anew" onDrop={() => dropDraft(newModule)} onOutdated={() => undefined}
            onApplied={() => {
              dropDraft(newModule);
              go(`/modules/${encodeURIComponent(draft.module)}`);
            }} />
        ) : <Choice node={node} />}
    </>
  );
}

/** The first line says what it is for, the rest what to do. */
const parts = (description: string) => {
  const [first = '', ...rest] = description.trim().split('\n');
  return { first, rest: rest.join('\n').trim() };
};

function Choice({ node }: { node: string }) {
  const templates = useRequest<TemplateStatus[]>('/v1/templates', node);
  const taken = useLive(state => state.modules);
  const [template, setTemplate] = useState<string | null>(null);
  const [name, setName] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const refusal = moduleNameRefusal(name.trim(), Object.keys(taken));
  const list = templates.value;
  const chosen = list?.find(one => one.name === template) ?? list?.[0];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (refusal !== null || !chosen) return;
    setBusy(true);
    setProblem(null);
    api.post<ModuleFiles>(`/v1/templates/${encodeURIComponent(chosen.name)}/draft`, { module: name.trim() }, { node }).then(
      base => setDraft({ module: name.trim(), base, files: base.files, isNew: true }),
      setProblem,
    ).finally(() => setBusy(false));
  };
  return (
    <>
      <PageHeader title="New module" below="A module is a service and its replicated directories, e.g. one VM. Nothing is made before you say so." />
      {templates.problem !== null && <ProblemNote problem={templates.problem} />}
      {list?.length === 0 && <EmptyState icon="configuration" title="No template is installed."><p>Templates are directories with conf/userconfig.xml and bin, below /usr/share/hamirror/modules or /etc/hamirror/templates on the nodes.</p></EmptyState>}
      {list && list.length > 0 && chosen && (
        <form className={classes.form} onSubmit={submit}>
          <fieldset className={classes.choices}>
            <legend>Template</legend>
            {list.map(one => (
              <label key={one.name} className={classes.choice}>
                <input type="radio" name="template" value={one.name} checked={one === chosen} onChange={() => setTemplate(one.name)} />
                <span className={classes.text}><strong>{one.name}</strong><span>{parts(one.description).first || 'No description.'}</span></span>
              </label>
            ))}
          </fieldset>
          {parts(chosen.description).rest !== '' && <details className={classes.about} open><summary>What {chosen.name} needs</summary><pre className={classes.description}>{parts(chosen.description).rest}</pre></details>}
          <TextInput className={classes.name} label="Name" description="Of the module, e.g. the VM's. It cannot be changed later." value={name} error={(tried || name.length > 64) && refusal !== null ? refusal : null} autoComplete="off" spellCheck={false} onChange={event => setName(event.currentTarget.value)} />
          {problem !== null && <ProblemNote problem={problem} />}
          <div><Button type="submit" loading={busy}>Go on</Button></div>
        </form>
      )}
    </>
  );
}
