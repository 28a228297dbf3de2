// A draft of a module as a form, as XML and as its other files. All three show the same files; both nodes say what is wrong with them
// a moment after each change, and what would have to be stopped for it.
import { Tabs } from '@mantine/core';
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { xmlPath, type ConfigurationApplied, type ConfigurationFault, type ElementStatus } from '../../api/configuration';
import { ActionButton } from '../../components/ActionButton';
import { Card } from '../../components/Card';
import { CodeEditor, type Mark, type Place } from '../../components/CodeEditor';
import { PageHeader } from '../../components/PageHeader';
import { ProblemNote } from '../../components/ProblemNote';
import { useRequest } from '../../components/useRequest';
import { differing, textOf, withText, type Files } from '../../model/moduleFiles';
import { readXml } from '../../model/xmlText';
import { ApplyDialog } from './ApplyDialog';
import { ChangeList } from './ChangeList';
import { CheckCard } from './CheckCard';
import { edit, guardLeaving, isDirty, keyOf, type Draft } from './drafts';
import classes from './Editor.module.css';
import { FilesDiff } from './FileDiff';
import { FilesView } from './FilesView';
import { FormView } from './FormView';
import type { Running } from './stopAround';
import { useCheck } from './useCheck';

export interface EditorTab { value: string; title: string; panel: ReactNode }

interface Props {
  draft: Draft;
  title: string;
  below: ReactNode;
  /** The node that is asked, and by which both change. */
  node: string;
  nodes: readonly string[];
  /** Where the module runs now. */
  running: readonly Running[];
  /** What is in force; null: nothing is, or it may not be known. */
  inForce: Files | null;
  /** Why nothing may be changed; null: it may. */
  readOnly: string | null;
  /** Why it may not be applied now, however right it is; null: it may. */
  held: string | null;
  /** Between the head and the tabs. */
  notes?: ReactNode;
  more?: readonly EditorTab[];
  /** What the tabs begin with when it is no longer the form. */
  begin?: string;
  dropLabel: string;
  onDrop: () => void;
  onApplied: (applied: ConfigurationApplied) => void;
  onOutdated: () => void;
}

const marksOf = (faults: readonly ConfigurationFault[]): ReadonlyMap<string, readonly Mark[]> => {
  const marks = new Map<string, Mark[]>();
  for (const fault of faults) marks.set(fault.file, [...(marks.get(fault.file) ?? []), { line: fault.line, text: fault.text }]);
  return marks;
};

export function Editor(props: Props) {
  const { draft, node, readOnly } = props;
  const key = keyOf(draft);
  const vocabulary = useRequest<ElementStatus>('/v1/vocabulary', node);
  const checked = useCheck(draft.module, node, draft.files);
  const [tab, setTab] = useState(props.begin ?? 'form');
  const [file, setFile] = useState<string | null>(null);
  const [place, setPlace] = useState<Place | null>(null);
  const [asking, setAsking] = useState(false);
  const xml = textOf(draft.files, xmlPath);
  const local = useMemo(() => readXml(xml).fault, [xml]);
  const dirty = isDirty(draft);
  const changed = useMemo(() => differing(draft.base.files, draft.files), [draft]);
  // What the page sees by itself is there at once; the nodes' own words come a moment later and replace it.
  const faults = useMemo<readonly ConfigurationFault[]>(() => checked.check?.faults ?? (local ? [{ node: '', file: xmlPath, ...local }] : []), [checked.check, local]);
  const marks = useMemo(() => marksOf(faults), [faults]);
  useEffect(guardLeaving, []);
  const onFiles = useCallback((change: (files: Files) => Files) => edit(key, change), [key]);
  const onText = useCallback((text: string) => edit(key, files => withText(files, xmlPath, text)), [key]);
  const go = (path: string, line: number, column: number) => {
    setTab(path === xmlPath ? 'xml' : 'files');
    if (path !== xmlPath) setFile(path);
    setPlace(line > 0 ? { line, column, turn: Date.now() } : null);
  };
  const show = (next: string | null) => {
    setPlace(null);
    setTab(next ?? 'form');
  };
  const refusal = readOnly ?? props.held ?? (!dirty && (checked.check === null || checked.check.changes.length === 0) ? 'Nothing was changed.'
    : faults.length > 0 ? 'It has faults: mend them first.' : checked.check === null ? 'The nodes have not looked at it yet.' : null);
  const change = { module: draft.module, node, match: draft.isNew ? null : draft.base.version ?? null };
  return (
    <>
      <PageHeader title={props.title} below={props.below} actions={
        <>
          {readOnly === null && (dirty || draft.isNew) && <ActionButton label={props.dropLabel} icon="close" onClick={props.onDrop} />}
          <ActionButton label={draft.isNew ? 'Make the module …' : 'Apply …'} icon="check" variant="filled" refusal={refusal} onClick={() => setAsking(true)} />
        </>
      } />
      <div className={classes.stack}>
        {props.notes}
        <CheckCard checked={checked} isNew={draft.isNew} onPlace={go} />
        <Tabs value={tab} onChange={show} keepMounted={false}>
          <Tabs.List>
            <Tabs.Tab value="form">Form</Tabs.Tab>
            <Tabs.Tab value="xml">XML</Tabs.Tab>
            <Tabs.Tab value="files">Hooks</Tabs.Tab>
            {!draft.isNew && <Tabs.Tab value="difference">Difference</Tabs.Tab>}
            {props.more?.map(each => <Tabs.Tab key={each.value} value={each.value}>{each.title}</Tabs.Tab>)}
          </Tabs.List>
          <Tabs.Panel value="form" className={classes.panel}>
            {vocabulary.problem !== null && <ProblemNote problem={vocabulary.problem} />}
            {vocabulary.value && <FormView text={xml} vocabulary={vocabulary.value} faults={faults} readOnly={readOnly !== null} onText={onText} onPlace={go} />}
          </Tabs.Panel>
          <Tabs.Panel value="xml" className={classes.panel}>
            <CodeEditor label={`Text of ${xmlPath}`} value={xml} language="xml" marks={marks.get(xmlPath) ?? []} readOnly={readOnly !== null} place={place} onChange={onText} />
          </Tabs.Panel>
          <Tabs.Panel value="files" className={classes.panel}>
            <FilesView files={draft.files} changed={changed} marks={marks} readOnly={readOnly !== null} selected={file} place={place} onSelect={setFile} onFiles={onFiles} />
          </Tabs.Panel>
          {!draft.isNew && (
            <Tabs.Panel value="difference" className={classes.panel}>
              {checked.last && checked.last.changes.length > 0 && <Card title="What it changes"><ChangeList changes={checked.last.changes} /></Card>}
              {props.inForce ? <FilesDiff before={props.inForce} after={draft.files} names={{ before: 'Runs now', after: 'Draft' }} none="Nothing differs from what runs now." /> : <p className={classes.soft}>Nothing is in force yet that it could be compared with.</p>}
            </Tabs.Panel>
          )}
          {props.more?.map(each => <Tabs.Panel key={each.value} value={each.value} className={classes.panel}>{each.panel}</Tabs.Panel>)}
        </Tabs>
      </div>
      {asking && (
        <ApplyDialog change={change} files={draft.files} version={null} nodes={props.nodes} running={props.running} onApplied={props.onApplied}
          onOutdated={() => { setAsking(false); props.onOutdated(); }} onClose={() => setAsking(false)} />
      )}
    </>
  );
}
